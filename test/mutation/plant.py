"""Puts mutants into a copy of the sources: each place gets a switch of mutation_switch.h, so that one build holds them all."""
import re
from collections import namedtuple

from clang.cindex import Config, CursorKind, Diagnostic, Index, TranslationUnit, TypeKind

Mutant = namedtuple('Mutant', 'number file line column what')
# A switch around a piece of text; `operator`: the place of the operator between two operands, which becomes a comma.
Wrap = namedtuple('Wrap', 'start end before after operator mutants')

ORDERS = {'<': ('less', '<='), '<=': ('less_equal', '<'), '>': ('greater', '>='), '>=': ('greater_equal', '>')}
OPPOSITES = {'<': '>=', '<=': '>', '>': '<=', '>=': '<', '==': '!=', '!=': '=='}
EQUALITIES = {'==': 'equal', '!=': 'not_equal'}
SUMS = {'+': ('plus', '-'), '-': ('minus', '+')}
STATEMENTS = {CursorKind.CALL_EXPR, CursorKind.BINARY_OPERATOR, CursorKind.COMPOUND_ASSIGNMENT_OPERATOR,
              CursorKind.UNARY_OPERATOR, CursorKind.UNEXPOSED_EXPR, CursorKind.CXX_DELETE_EXPR,
              CursorKind.CONTINUE_STMT, CursorKind.BREAK_STMT, CursorKind.RETURN_STMT}
BODIES = {CursorKind.IF_STMT, CursorKind.FOR_STMT, CursorKind.WHILE_STMT, CursorKind.CXX_FOR_RANGE_STMT,
          CursorKind.CASE_STMT, CursorKind.DEFAULT_STMT, CursorKind.COMPOUND_STMT}
# Nothing in these is computed when the program runs.
CONSTANT = {CursorKind.ENUM_DECL, CursorKind.STATIC_ASSERT, CursorKind.TYPE_ALIAS_DECL, CursorKind.TYPEDEF_DECL,
            CursorKind.CONCEPT_DECL if hasattr(CursorKind, 'CONCEPT_DECL') else CursorKind.ENUM_DECL,
            CursorKind.TYPE_REF, CursorKind.TEMPLATE_REF}


class Planter:
    """Finds what can be changed in one file."""

    def __init__(self, path, text, flags):
        self.path, self.text = path, text.encode()
        self.unit = Index.create().parse(
            path, args=flags, unsaved_files=[(path, text)],
            options=TranslationUnit.PARSE_PRECOMPILED_PREAMBLE | TranslationUnit.PARSE_DETAILED_PROCESSING_RECORD)
        broken = [d for d in self.unit.diagnostics if d.severity >= Diagnostic.Error]
        if broken:
            raise RuntimeError(f'{path} does not parse: {broken[0]}')
        self.macros = {(c.extent.start.offset, c.extent.end.offset) for c in self.unit.cursor.get_children()
                       if c.kind == CursorKind.MACRO_INSTANTIATION and self.here(c)}
        self.wraps = []

    def here(self, cursor):
        file = cursor.location.file
        return file is not None and file.name == self.path

    def source(self, cursor):
        return self.text[cursor.extent.start.offset:cursor.extent.end.offset].decode()

    def in_macro(self, cursor):
        start, end = cursor.extent.start.offset, cursor.extent.end.offset
        return any(start < b and a < end for a, b in self.macros)

    def wrap(self, cursor, function, *changes, operator=None):
        start, end = cursor.extent.start.offset, cursor.extent.end.offset
        if end > start and not self.in_macro(cursor) and 'planted(' not in self.source(cursor):
            line, column = cursor.extent.start.line, cursor.extent.start.column
            shown = ' '.join(self.source(cursor).split())[:100]
            self.wraps.append(Wrap(start, end, f'::longbeat_mutation::{function}(@, ', ')', operator,
                                   [(line, column, change.replace('%', shown)) for change in changes]))

    def found(self):
        for cursor in self.unit.cursor.get_children():
            if self.here(cursor):
                self.visit(cursor, None)
        # A relation as a condition of its own: one of the two is enough. Some operators are seen twice, as written and as
        # what the compiler made of them.
        relations = {(w.start, w.end) for w in self.wraps if w.operator}
        seen, kept = set(), []
        for wrap in self.wraps:
            key = (wrap.start, wrap.end, wrap.before)
            if key not in seen and not ('::negated(' in wrap.before and key[:2] in relations):
                kept.append(wrap)
            seen.add(key)
        return kept

    def visit(self, cursor, parent):
        kind = cursor.kind
        if kind in CONSTANT or (kind in (CursorKind.VAR_DECL, CursorKind.FIELD_DECL) and self.is_constexpr(cursor)):
            return
        if parent is not None and parent.kind in BODIES and kind in STATEMENTS:
            self.statement(cursor, parent)
        children = list(cursor.get_children())
        if kind in (CursorKind.IF_STMT, CursorKind.CONDITIONAL_OPERATOR) and children:
            self.condition(cursor, children, 'negated', 'not (%)')
        elif kind == CursorKind.WHILE_STMT and children:
            self.condition(cursor, children, 'never', 'false for %')
        elif kind == CursorKind.RETURN_STMT and children and children[0].type.kind == TypeKind.BOOL:
            if not self.relation(children[0]):
                self.wrap(children[0], 'negated', 'return not (%)')
        elif kind == CursorKind.INTEGER_LITERAL and re.fullmatch(r"\d[\d']*[uUlL]*", self.source(cursor)):
            if parent is None or parent.kind not in (CursorKind.DECL_REF_EXPR, CursorKind.MEMBER_REF_EXPR,
                                                     CursorKind.CASE_STMT):
                self.wrap(cursor, 'one_more', '% + 1 for %')
        self.operator(cursor, children)
        for child in children:
            self.visit(child, cursor)

    def is_constexpr(self, cursor):
        return 'constexpr' in self.source(cursor).split('=')[0].split('{')[0]

    def operands(self, cursor):
        """The two operands of a binary operator and the operator between them, own or overloaded."""
        children = list(cursor.get_children())
        if cursor.kind == CursorKind.CALL_EXPR and not cursor.spelling.startswith('operator'):
            return None
        if cursor.kind not in (CursorKind.BINARY_OPERATOR, CursorKind.CALL_EXPR, CursorKind.UNEXPOSED_EXPR):
            return None
        if len(children) == 3 and children[1].spelling.startswith('operator'):
            children = [children[0], children[2]]
        if len(children) != 2:
            return None
        start, end = children[0].extent.end.offset, children[1].extent.start.offset
        between = self.text[start:end].decode(errors='replace') if start <= end else ''
        if not between.strip():
            return None
        return children[0], between.strip(), children[1], start + len(between) - len(between.lstrip())

    def relation(self, cursor):
        while cursor.kind == CursorKind.UNEXPOSED_EXPR and len(list(cursor.get_children())) == 1:
            cursor = next(cursor.get_children())
        parts = self.operands(cursor)
        return parts is not None and parts[1] in OPPOSITES

    def operator(self, cursor, children):
        parts = self.operands(cursor)
        if parts is None:
            return
        left, sign, right, at = parts
        if left.extent.start.offset != cursor.extent.start.offset or right.extent.end.offset != cursor.extent.end.offset:
            return
        place = (at, at + len(sign))
        if sign in ORDERS:
            function, moved = ORDERS[sign]
            self.wrap(cursor, function, f'{sign} becomes {moved} in %', f'{sign} becomes {OPPOSITES[sign]} in %',
                      operator=place)
        elif sign in EQUALITIES:
            self.wrap(cursor, EQUALITIES[sign], f'{sign} becomes {OPPOSITES[sign]} in %', operator=place)
        elif sign in SUMS and 'basic_string' not in cursor.type.get_canonical().spelling:
            function, other = SUMS[sign]
            self.wrap(cursor, function, f'{sign} becomes {other} in %', operator=place)
        elif sign in ('&&', '||'):
            for operand in (left, right):
                inner = self.operands(operand)
                if inner is None or inner[1] != sign:
                    self.wrap(operand, *(('always', 'true for %') if sign == '&&' else ('never', 'false for %')))

    def condition(self, cursor, children, function, change):
        what = next((c for c in children if c.kind != CursorKind.DECL_STMT), None)
        if what is None or not what.kind.is_expression() or self.relation(what):
            return
        before = self.text[:what.extent.start.offset].rstrip()
        after = self.text[what.extent.end.offset:what.extent.end.offset + 40].lstrip()
        if cursor.kind == CursorKind.CONDITIONAL_OPERATOR:
            if not after.startswith(b'?'):
                return
        elif before[-1:] not in b'(;' or not after.startswith(b')') or self.source(cursor).startswith('if constexpr'):
            return
        self.wrap(what, function, change)

    def statement(self, cursor, parent):
        if cursor.kind == CursorKind.RETURN_STMT and list(cursor.get_children()):
            return
        # In the head of an if or a loop the same kinds are conditions and steps.
        end = cursor.extent.end.offset
        rest = self.text[end:end + 200]
        if not rest.lstrip().startswith(b';') or self.in_macro(cursor) or 'planted(' in self.source(cursor):
            return
        before = self.text[:cursor.extent.start.offset].rstrip()
        if parent.kind != CursorKind.COMPOUND_STMT and not before.endswith((b')', b'else', b':')):
            return
        if parent.kind == CursorKind.COMPOUND_STMT and not before.endswith((b'{', b'}', b';', b':')) \
                and b'//' not in before[before.rfind(b'\n'):]:
            return
        end += len(rest) - len(rest.lstrip()) + 1
        shown = ' '.join(self.source(cursor).split())[:100]
        self.wraps.append(Wrap(cursor.extent.start.offset, end, '{ if (::longbeat_mutation::off(@)) ', ' }', None,
                               [(cursor.extent.start.line, cursor.extent.start.column, f'without {shown};')]))

    def errors(self, text):
        """Where the file, changed so, does not compile: offsets."""
        self.unit.reparse(unsaved_files=[(self.path, text)])
        offsets = []
        for diagnostic in self.unit.diagnostics:
            if diagnostic.severity < Diagnostic.Error:
                continue
            spots = [diagnostic.location] + [note.location for note in diagnostic.children]
            here = [s.offset for s in spots if s.file is not None and s.file.name == self.path]
            offsets.append((here or [None], str(diagnostic)))
        return offsets


def written(text, wraps, first):
    """The text with the switches, their numbers from `first` on; and where in it each begins and ends."""
    data = text.encode()
    numbers, number = [], first
    for wrap in wraps:
        numbers.append(number)
        number += len(wrap.mutants)
    edits = []  # position, closing before opening, order, replaced bytes, text, wrap
    for i, wrap in enumerate(wraps):
        edits.append((wrap.start, 1, i, 0, wrap.before.replace('@', str(numbers[i])), i))
        edits.append((wrap.end, 0, -i, 0, wrap.after, i))
        if wrap.operator:
            edits.append((wrap.operator[0], 2, i, wrap.operator[1] - wrap.operator[0], ',', None))
    edits.sort(key=lambda e: e[:3])
    out, at, spans = [], 0, [[None, None] for _ in wraps]
    size = 0
    for position, phase, _, replaced, new, i in edits:
        piece = data[at:position]
        out.append(piece)
        size += len(piece)
        if i is not None and phase == 1:
            spans[i][0] = size
        out.append(new.encode())
        size += len(new.encode())
        if i is not None and phase == 0:
            spans[i][1] = size
        at = position + replaced
    out.append(data[at:])
    return b''.join(out).decode(), numbers, spans


INCLUDE = '#include "mutation_switch.h"\n'


def plant(path, flags, first):
    """(text with mutants, the mutants, how many places had to be left alone)."""
    with open(path, encoding='utf-8') as file:
        text = file.read()
    planter = Planter(path, text, flags)
    wraps, left_alone = planter.found(), 0
    for _ in range(40):
        changed, numbers, spans = written(text, wraps, first)
        errors = planter.errors(INCLUDE + changed)
        if not errors:
            mutants = [Mutant(numbers[i] + k, path, *mutant) for i, wrap in enumerate(wraps)
                       for k, mutant in enumerate(wrap.mutants)]
            return INCLUDE + changed, mutants, left_alone
        bad = set()
        for offsets, message in errors:
            for offset in offsets:
                if offset is None:
                    continue
                around = [i for i, (a, b) in enumerate(spans) if a <= offset - len(INCLUDE) <= b]
                if around:  # The innermost is the one at fault.
                    bad.add(min(around, key=lambda i: spans[i][1] - spans[i][0]))
        if not bad:
            raise RuntimeError(f'{path}: cannot be planted: {errors[0][1]}')
        left_alone += len(bad)
        wraps = [w for i, w in enumerate(wraps) if i not in bad]
    raise RuntimeError(f'{path}: cannot be planted: too many places do not compile')
