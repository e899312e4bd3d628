"""./dev mutate: changes the sources in many small ways, one at a time, and tells which changes no test notices.

All mutants are in one build; an environment variable chooses one per run (mutation_switch.h). A mutant is run against the
unit tests of its folder that come to its place, and when it survives those, against some seeds of the simulation.
"""
import argparse
import hashlib
import json
import math
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

from plant import Mutant, plant

ROOT = Path(__file__).resolve().parent.parent.parent
HERE = Path(__file__).resolve().parent
WORK = ROOT / 'build' / 'mutation'
COPY, BUILD = WORK / 'source', WORK / 'build'
# Each folder, and the unit tests that are about it.
FOLDERS = {
    'server-stub/src/machine': ['unit_machine', 'unit_engine'],
    'server-stub/src/matching': ['unit_matching', 'unit_engine'],
    'server-stub/src/engine': ['unit_engine'],
    'sdk/src/core': ['unit_core', 'unit_worker', 'unit_client'],
}
BLOCK = 1000  # Numbers each file has for its mutants.
FLAGS = ['-xc++', '-std=c++20', '-w', '-ferror-limit=0',
         *(f'-I{ROOT / folder}' for folder in ('sdk/include', 'sdk/src', 'server-stub/include', 'server-stub/src')), f'-I{HERE}']
ADDRESS_SPACE_MAX = 6 << 30  # Some mutants never stop asking for more.


def say(*words):
    print('mutate:', *words, flush=True)


def folder_of(path):
    return next((folder for folder in FOLDERS if path.startswith(folder + '/')), None)


def planted_file(path, first, key):
    """Text and mutants of one file; kept, because finding out what compiles takes seconds."""
    kept = WORK / 'planted' / (hashlib.sha256(f'{path} {first} {key}'.encode()).hexdigest() + '.json')
    if kept.exists():
        text, mutants, left_alone = json.loads(kept.read_text())
        return path, text, [Mutant(*m) for m in mutants], left_alone
    text, mutants, left_alone = plant(str(ROOT / path), FLAGS, first)
    assert len(mutants) < BLOCK, path
    mutants = [m._replace(file=path) for m in mutants]
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps([text, mutants, left_alone]))
    return path, text, mutants, left_alone


def write_if_other(path, content):
    if not path.exists() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def prepare(options):
    """Copies the sources, with mutants in them; returns these."""
    listed = subprocess.run(['git', 'ls-files', '-co', '--exclude-standard'], cwd=ROOT, check=True, text=True,
                            stdout=subprocess.PIPE).stdout.split('\n')
    files = [f for f in listed if f and (ROOT / f).is_file()]
    headers = hashlib.sha256((HERE / 'plant.py').read_bytes() + (HERE / 'mutation_switch.h').read_bytes())
    for f in files:
        if f.endswith('.h') and f.startswith(('sdk/', 'server-stub/')):
            headers.update((ROOT / f).read_bytes())
    chosen = [f for f in files if f.endswith(('.h', '.cc')) and folder_of(f)]
    say(f'plants mutants into {len(chosen)} files')
    changed, mutants, left_alone = {}, [], 0
    with ProcessPoolExecutor(options.jobs) as pool:
        jobs = [pool.submit(planted_file, f, BLOCK * (i + 1),
                            headers.hexdigest() + hashlib.sha256((ROOT / f).read_bytes()).hexdigest())
                for i, f in enumerate(sorted(chosen))]
        for job in jobs:
            path, text, found, left = job.result()
            changed[path] = text
            mutants += found
            left_alone += left
    main = 'test/support/catch_main.cc'
    changed[main] = (ROOT / main).read_text() + '#include "reached_by_test.h"\n'
    for f in files:
        if not f.startswith('build/'):
            write_if_other(COPY / f, changed[f].encode() if f in changed else (ROOT / f).read_bytes())
            shutil.copymode(ROOT / f, COPY / f)
    say(f'{len(mutants)} mutants; {left_alone} places left alone, because what would stand there does not compile')
    return mutants


def build(programs, jobs):
    compiler = next((c for c in ('clang++', 'clang++-19', 'clang++-14') if shutil.which(c)), 'c++')
    launcher = shutil.which('ccache') or ''
    configure = ['cmake', '-S', COPY, '-B', BUILD, '-G', 'Ninja', f'-DCMAKE_CXX_COMPILER={compiler}',
                 '-DCMAKE_BUILD_TYPE=Debug', '-DCMAKE_CXX_FLAGS_DEBUG=-O1', f'-DCMAKE_CXX_FLAGS=-w -I{HERE}',
                 '-DCMAKE_UNITY_BUILD=ON', f'-DCMAKE_CXX_COMPILER_LAUNCHER={launcher}',
                 '-DLONGBEAT_BUILD_BENCH=OFF', '-DLONGBEAT_BUILD_SAMPLES=OFF']
    say('builds', *programs)
    for command in (configure, ['ninja', '-C', BUILD, f'-j{jobs}', *programs]):
        with open(WORK / 'build.log', 'w', encoding='utf-8') as log:
            if subprocess.run(command, stdout=log, stderr=log, check=False).returncode != 0:
                sys.exit(f'mutate: the build failed, see {WORK / "build.log"}')


def limited(cpu_seconds):
    os.setsid()
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_MAX, ADDRESS_SPACE_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))


def run(command, cpu_seconds, **environment):
    """'passed', 'failed' or 'late'. What counts is time of the CPU, so that a busy machine makes nobody late; what waits for
    ever is late too."""
    cpu_seconds = math.ceil(cpu_seconds)
    with tempfile.TemporaryDirectory(dir=WORK, ignore_cleanup_errors=True) as scratch:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=lambda: limited(cpu_seconds),
                                   env={**os.environ, 'TMPDIR': scratch, **environment})
        try:
            code = process.wait(10 * cpu_seconds)
            state = 'passed' if code == 0 else 'late' if code in (-signal.SIGXCPU, -signal.SIGKILL) else 'failed'
        except subprocess.TimeoutExpired:
            state = 'late'
        try:
            os.killpg(process.pid, signal.SIGKILL)  # It and whatever it has started.
        except ProcessLookupError:
            pass
        process.wait()
    return state


class Programs:
    """The test programs: how to start each, how long it takes, and which of its test cases come to which mutants."""

    def __init__(self, names, seeds):
        self.command, self.seconds, self.reached, self.width = {}, {}, {}, {}
        for name in names:
            if name == 'longbeat-simulate':
                self.command[name] = [BUILD / 'test/simulation' / name, '--seeds', str(seeds), '--most', '1', '--as-it-is']
            else:
                self.command[name] = [next((BUILD / 'test/unit').glob(f'*/{name}')), '--abort']

    def measure(self):
        for name, command in self.command.items():
            self.reached[name] = {}
            with tempfile.NamedTemporaryFile(dir=WORK) as file:
                before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
                state = run(command, 600, LONGBEAT_REACHED=file.name)
                self.seconds[name] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
                for line in Path(file.name).read_text().splitlines():
                    number, _, who = line.partition('\t')
                    self.reached[name].setdefault(int(number), set()).add(who)
            self.width[name] = Counter(who for cases in self.reached[name].values() for who in cases)
            if state != 'passed':
                sys.exit(f'mutate: {name} does not pass without a mutant: {state}')
            say(f'{name}: {self.seconds[name]:.1f} s, comes to {len(self.reached[name])} mutants')

    def of(self, mutant):
        names = [n for n in FOLDERS[folder_of(mutant.file)] + ['longbeat-simulate'] if n in self.command]
        return [n for n in names if mutant.number in self.reached[n]]

    def selections(self, name, number):
        """The test cases to run, in one or two goes: those that come to many mutants, which take long, are last."""
        cases = self.reached[name][number]
        if '' in cases:
            return [()]  # Something outside of a test case came there: everything is run.
        wide = {case for case in cases if self.width[name][case] > len(self.reached[name]) / 2}
        return [some for some in (cases - wide, wide) if some]

    def verdict(self, mutant):
        """Which program notices it, and how; None: none does."""
        for name in self.of(mutant):
            for cases in self.selections(name, mutant.number):
                with tempfile.NamedTemporaryFile('w', dir=WORK) as file:
                    # A comma would end the pattern, and the case would be left out without a word.
                    file.write('\n'.join(case.replace(',', '\\,') for case in sorted(cases)))
                    file.flush()
                    chosen = ['--input-file', file.name] if cases else []
                    state = run([*self.command[name], *chosen], 4 * self.seconds[name] + 3,
                                LONGBEAT_MUTANT=str(mutant.number))
                if state != 'passed':
                    return f'{name} {state}'
        return None


def judged(path):
    """Survivors somebody has looked at: rows | file:line | change | judgement | of the page."""
    rows = {}
    for line in path.read_text().split('\n') if path.exists() else []:
        cells = [cell.strip() for cell in line.replace('\\|', '\0').strip('|').split('|')]
        if len(cells) == 3 and ':' in cells[0]:
            rows[cells[0].split(':')[0], cells[1].replace('\0', '|').strip('`')] = cells[2]
    return rows


def report(mutants, verdicts, programs, known):
    print(f'{"folder":26} {"mutants":>8} {"never run":>10} {"run":>6} {"killed":>7} {"survived":>9} {"score":>7}')
    for folder in [*FOLDERS, 'all']:
        of_it = [m for m in mutants if folder in ('all', folder_of(m.file))]
        unreached = sum(not programs.of(m) for m in of_it)
        states = Counter(verdicts[m] is None for m in of_it if m in verdicts)
        ran = states[True] + states[False]
        if of_it:
            print(f'{folder:26} {len(of_it):8} {unreached:10} {ran:6} {states[False]:7} {states[True]:9} '
                  f'{100 * states[False] / max(ran, 1):6.1f} %')
    survivors = [m for m in mutants if m in verdicts and verdicts[m] is None]
    new = [m for m in survivors if (m.file, m.what.replace('`', '')) not in known]
    for title, some in (('survivors', survivors), ('unreached', [m for m in mutants if not programs.of(m)])):
        (WORK / f'{title}.txt').write_text(''.join(f'{m.file}:{m.line}:{m.column} #{m.number} {m.what}\n' for m in some))
    print(f'survivors nobody has judged yet in docs/mutation.md: {len(new)} of {len(survivors)}')
    for m in new:
        print(f'  {m.file}:{m.line}:{m.column} #{m.number} {m.what}')


def main():
    parser = argparse.ArgumentParser(prog='./dev mutate', description=__doc__.split('\n')[0])
    parser.add_argument('--file', action='append', help='only files whose path has this in it; may be given often')
    parser.add_argument('--minutes', type=float, default=30, help='ends after so many, or at Ctrl-C, with what it has (30)')
    parser.add_argument('--seed', type=int, default=1, help='of the order in which mutants are taken: as many as there is time for (1)')
    parser.add_argument('--seeds', type=int, default=60, help='how many seeds of the simulation a survivor meets (60)')
    parser.add_argument('--jobs', type=int, default=2, help='how many mutants run side by side (2)')
    options = parser.parse_args()
    end = time.monotonic() + 60 * options.minutes
    mutants = [m for m in prepare(options) if not options.file or any(part in m.file for part in options.file)]
    if not mutants:
        sys.exit(f'mutate: no file of {", ".join(FOLDERS)} is meant by {options.file}')
    folders = [f for f in FOLDERS if any(folder_of(m.file) == f for m in mutants)]
    names = [*dict.fromkeys(n for f in folders for n in FOLDERS[f]), 'longbeat-simulate']
    build(names, options.jobs)
    programs = Programs(names, options.seeds)
    programs.measure()
    order = [m for m in mutants if programs.of(m)]
    random.Random(options.seed).shuffle(order)
    say(f'runs {len(order)} mutants, order of seed {options.seed}')
    verdicts = {}
    stopped = threading.Event()
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: stopped.set())  # The report is about what has run by then.

    def judge(mutant):
        if time.monotonic() < end and not stopped.is_set():
            verdicts[mutant] = programs.verdict(mutant)

    with ThreadPoolExecutor(options.jobs) as pool:
        for done, _ in enumerate(pool.map(judge, order), 1):
            if done % 200 == 0:
                say(f'{done} of {len(order)}')
    report(mutants, verdicts, programs, judged(ROOT / 'docs' / 'mutation.md'))


if __name__ == '__main__':
    main()
