"""compare.py OURS ACCEPTED SOURCE [THEIRS]: the descriptors of proto/ against Temporal's official ones.

OURS is the FileDescriptorSet that protoc wrote from proto/; SOURCE names whose descriptors are the official ones and
their section in ACCEPTED: `python` reads those in the installed package temporalio, any other name reads the
FileDescriptorSet THEIRS. What we declare is compared, message by message, enum by enum, method by method; what only
they have is no difference unless it is in something that we declare. Each line of ACCEPTED is a pattern for differences
that are as they should be: a difference that none of them fits fails, and so does a line that fits none any more.
"""

import importlib
import pkgutil
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from google.protobuf.descriptor_pb2 import DescriptorProto, EnumDescriptorProto, FieldDescriptorProto
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet, ServiceDescriptorProto

OWN = ("longbeat.",)  # Packages that nobody else has.
Parts = dict[str, str]  # Name or number of a field, value or method to what it is.


def installed_files() -> list[FileDescriptorProto]:
    """Those of every generated module of temporalio, with what they import."""
    import temporalio.api

    found: dict[str, FileDescriptorProto] = {}

    def add(descriptor) -> None:
        if descriptor.name not in found:
            found[descriptor.name] = FileDescriptorProto()
            descriptor.CopyToProto(found[descriptor.name])
            for needed in descriptor.dependencies:
                add(needed)

    names = [it.name for it in pkgutil.walk_packages(temporalio.api.__path__, "temporalio.api.")]
    for name in [*names, "google.rpc.status_pb2"]:
        if name.endswith("_pb2"):
            add(importlib.import_module(name).DESCRIPTOR)
    return list(found.values())


def field_text(field: FieldDescriptorProto, message: DescriptorProto) -> str:
    kind = FieldDescriptorProto.Type.Name(field.type)[len("TYPE_") :].lower()
    words = [field.name, FieldDescriptorProto.Label.Name(field.label)[len("LABEL_") :].lower(), kind]
    if field.type_name:
        words.append(field.type_name.lstrip("."))
    if field.proto3_optional:
        words.append("presence")
    elif field.HasField("oneof_index"):
        words.append(f"oneof {message.oneof_decl[field.oneof_index].name}")
    if field.options.deprecated:
        words.append("deprecated")
    return " ".join(words)


def message_parts(message: DescriptorProto) -> Parts:
    return {str(field.number): field_text(field, message) for field in message.field}


def enum_parts(enum: EnumDescriptorProto) -> Parts:
    parts: dict[int, list[str]] = {}
    for value in enum.value:  # Names may share a number.
        parts.setdefault(value.number, []).append(value.name)
    return {str(number): " ".join(sorted(names)) for number, names in parts.items()}


def service_parts(service: ServiceDescriptorProto) -> Parts:
    def text(method) -> str:
        takes, gives = method.input_type.lstrip("."), method.output_type.lstrip(".")
        return f"{'stream ' * method.client_streaming}{takes} -> {'stream ' * method.server_streaming}{gives}"

    return {method.name: text(method) for method in service.method}


def messages(prefix: str, of: list[DescriptorProto]) -> Iterator[tuple[str, DescriptorProto]]:
    for message in of:
        yield f"{prefix}.{message.name}", message
        yield from messages(f"{prefix}.{message.name}", list(message.nested_type))


def declarations(files: list[FileDescriptorProto]) -> dict[str, tuple[str, Parts]]:
    """Full name to file and parts. The file counts: servers hand out their descriptors by it."""
    found: dict[str, tuple[str, Parts]] = {}
    for file in files:
        if file.package == "google.protobuf":
            continue
        for service in file.service:
            found[f"service {file.package}.{service.name}"] = (file.name, service_parts(service))
        for enum in file.enum_type:
            found[f"enum {file.package}.{enum.name}"] = (file.name, enum_parts(enum))
        for name, message in messages(file.package, list(file.message_type)):
            found[f"message {name}"] = (file.name, message_parts(message))
            for enum in message.enum_type:
                found[f"enum {name}.{enum.name}"] = (file.name, enum_parts(enum))
    return found


def differences(ours: dict[str, tuple[str, Parts]], theirs: dict[str, tuple[str, Parts]]) -> list[str]:
    found = []
    for name, (file, parts) in sorted(ours.items()):
        if name not in theirs:
            found.append(f"{name}: only ours")
            continue
        their_file, their_parts = theirs[name]
        if file != their_file:
            found.append(f"{name}: in {file}, theirs in {their_file}")
        for part, text in parts.items():
            if part not in their_parts:
                found.append(f"{name} {part}: only ours, {text}")
            elif text != their_parts[part]:
                found.append(f"{name} {part}: {text}, theirs {their_parts[part]}")
        if not name.startswith("service "):  # We serve a part of theirs.
            found += [f"{name} {part}: only theirs, {text}" for part, text in their_parts.items() if part not in parts]
    return found


def accepted(path: Path, source: str) -> list[str]:
    """The lines below `[SOURCE]` and below `[every]`; lines that begin with # give the reasons."""
    lines, section = [], ""
    for line in path.read_text().splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#") and section in (source, "every"):
            lines.append(line)
    return lines


def main(ours: str, accepted_path: str, source: str, theirs: str = "") -> int:
    def read(path: str) -> list[FileDescriptorProto]:
        return list(FileDescriptorSet.FromString(Path(path).read_bytes()).file)

    own = {name: it for name, it in declarations(read(ours)).items() if not name.split(" ")[1].startswith(OWN)}
    official = declarations(read(theirs) if theirs else installed_files())
    found, known = differences(own, official), accepted(Path(accepted_path), source)
    news = [f"not accepted: {line}" for line in found if not any(fnmatchcase(line, it) for it in known)]
    news += [f"no difference any more: {it}" for it in known if not any(fnmatchcase(line, it) for line in found)]
    news += [f"twice in the list: {line}" for line in sorted({line for line in known if known.count(line) > 1})]
    if not own or not official:
        news.append("there is nothing to compare")
    parts = sum(len(parts) for _, parts in own.values())
    for line in news:
        print(f"FAILED  descriptors  {source}: {line}")
    if not news:
        print(f"ok      descriptors  {source}: {len(own)} declarations with {parts} parts, {len(found)} accepted differences")
    return 1 if news else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
