"""Every text of Sway's that a person can see: names, tooltips, what the panels say, stages, results and refusals."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy

from .sentences import GAP

ROOT = Path(__file__).resolve().parents[1]
DRAWN = ("panels", "operators", "gizmos", "scene", "jobs", "properties", "preferences.py")
"""Sources whose texts of several words are shown, but for those of `NOT_SHOWN`."""
WORKER = ("backend",)
"""Sources whose refusals, stages and remarks reach a person."""
SILENT = ("backend/spectral/training", "backend/spectral/diffusion", "backend/command_line.py")
"""Sources that only work from a terminal."""
OWN = ("bl_", "rna_type")
"""Beginnings of properties that are Blender's, not Sway's."""
BLENDERS = ("filepath", "filter_glob", "check_existing")
"""Properties of Blender's file dialogs, which it translates itself."""
SAYING = (
    "report",
    "stage",
    "_stage",
    "log",
    "progress",
    "say",
    "wrapped",
    "draw_lines",
    "draw_note",
    "Finding",
    "damaged",
)
"""Calls whose texts are shown, as arguments and as what fills their arguments."""
NOT_SHOWN = frozenset(
    {
        # names of data-blocks, sockets and texts, which are the same in every language as a file's other names are
        "Sway Splats", "Sway Sheets", "Sway Motion", "Sway Trajectory", "Sway Stretching Trajectory", "Sway Flip-Book",
        "Sway Spectral Motion", "Sway Armature", "Sway Camera", "Sway Stiffness", "Sway Overlay", "Sway Packages",
        "Sway Health Report", "Sway Backend Log", "{} mask", "{} {} mask", "{} lines", "{} plate", "{} loop",
        "{} motion", "{} bones", "{} cage", "{} sway", "{} bake {}", "{} preview", "{}: not this", "Mode {} {}",
        "{} {} copy", "Sort Weight", "Point Count", "Rotate By", "Group ID", "Primary Axis", "Secondary Axis",
        "Pattern Mode", "Size X", "Size Y", "Vertices X", "Vertices Y", "From Min", "From Max", "Picture Width",
        "Is Orthographic", "Focal Length", "Projection Matrix", "Sway health report {}", "sway webp",
        # drawn into pictures, and said to video models
        "loss of each simulation; dashed: standing still", "power, square pixels; grey: it repeats",
        "Difference from the pictures", "Pixels off the clip's tracks",
        "A plant sways gently after a gust of wind; its stem bends and swings back and its leaves follow.",
        "Static camera on a tripod, locked-off shot; background and light stay the same.",
        # levels of findings and notes
        "good", "bad", "note", "warning",
        # of the source alone
        "to do", "acted on", "import pip", "see the package", "License ::", "no Blender property for {}: {}",
        "width * percentage / 100", "a damaged WebP image",
        "VERSION 1 {}:Sway/Materials:Sway-Materials {}:Sway/Nodes:Sway-Nodes",
    }
)  # fmt: skip
"""Texts of several words that nobody reads, or that stay as they are."""
FROM_TABLES = frozenset(
    {
        "Install Backend", "Resume", "Update", "Repair", "Cancelling", "Splats", "Size", "Memory", "Moving",
        "any value", "water line", "way", "cannot tell stiffness from speed", "is less sure of the stiffness",
        "the video of seed {}", "Watch", "Relight", "Sways at {} Hz, {} % off the clip",
        "{} frames it had not seen: {} dB, {} dB against standing still, SSIM {}",
    }
)  # fmt: skip
"""Texts that are shown, but spelled where nothing tells so."""
_CODE = re.compile(
    r"^import |^void |\\S|\||; import |not a message|\bshape \{\}|expected the grid's|record=True"
    r"|, got \{\}|got \{\} and"
    r"|gradient through|Courant|^Body needs|^Model\.|^Gaussians\.|^[A-Z_]+$|^the picture \{\}, its plate|coefficients"
    r"|use the Rasteriser|the rasteriser was|its target|SSIM needs"
)
"""Programs, patterns, and what one part of the program asks of another."""
_SENTENCE = re.compile(r"[a-z]+ .*(\.$|; )", re.DOTALL)
Text = tuple[str, ast.AST]


def texts(classes: tuple[type, ...]) -> set[str]:
    """All texts of registered classes and of the sources, in English; `{}` stands for what is filled in."""
    found = {text for cls in classes for text in _of_class(cls)}
    found |= FROM_TABLES | {text for text, _file, _line in spoken()}
    return {text for text in found if any(letter.isalpha() for letter in text.replace(GAP, ""))}


def spoken() -> list[tuple[str, Path, int]]:
    """What the sources say: each text with its file and line."""
    found = []
    for file in _sources(DRAWN):
        found += [(text, file, node.lineno) for text, node in _shown(ast.parse(file.read_text(encoding="utf-8")), True)]
    for file in _sources(WORKER):
        found += [
            (text, file, node.lineno) for text, node in _shown(ast.parse(file.read_text(encoding="utf-8")), False)
        ]
    return [(text, file, line) for text, file, line in found if text not in NOT_SHOWN and not _CODE.search(text)]


def unsaid() -> list[str]:
    """Places that show a text with values in it without `say`, as "file:line"."""
    return [
        f"{file.relative_to(ROOT).as_posix()}:{node.lineno}"
        for file in _sources(("panels", "operators", "gizmos"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if is_unsaid(node)
    ]


def is_unsaid(node: ast.AST) -> bool:
    """Whether a piece of source draws, at once, a text that it has put together."""
    return isinstance(node, ast.Call) and any(not _is_said(value) for value in _drawn_by(node))


def _sources(names: tuple[str, ...]) -> Iterator[Path]:
    for name in names:
        for file in sorted((ROOT / name).rglob("*.py")) if (ROOT / name).is_dir() else [ROOT / name]:
            if not file.relative_to(ROOT).as_posix().startswith(SILENT):
                yield file


def _drawn_by(call: ast.Call) -> Iterator[ast.expr]:
    """The texts that a call draws at once."""
    name = _name(call)
    if name == "report" and len(call.args) == 2:
        yield call.args[1]
    if name == "status_text_set":
        yield from call.args[:1]
    whole = any(k.arg == "translate" for k in call.keywords)
    yield from (k.value for k in call.keywords if k.arg == "text" and not whole)


def _is_said(value: ast.expr) -> bool:
    """Whether Blender, or `say`, translates a text that is drawn; a name of an object is drawn as it is."""
    if isinstance(value, ast.IfExp):
        return _is_said(value.body) and _is_said(value.orelse)
    composed = isinstance(value, (ast.JoinedStr, ast.BinOp))
    return not composed and not (isinstance(value, ast.Call) and _name(value) in ("str", "describe", "join", "format"))


def _of_class(cls: Any) -> Iterator[str]:
    """Label, tooltip and properties of one class."""
    rna = cls.bl_rna
    if issubclass(cls, (bpy.types.Operator, bpy.types.Panel, bpy.types.Menu)):
        yield getattr(cls, "bl_label", "")
    if issubclass(cls, bpy.types.Operator):
        group, name = cls.bl_idname.split(".")
        rna = getattr(getattr(bpy.ops, group), name).get_rna_type()
        yield rna.description
    inherited = {name for base in cls.__mro__[1:] if hasattr(base, "bl_rna") for name in base.bl_rna.properties.keys()}  # noqa: SIM118
    for prop in rna.properties:
        if prop.identifier in inherited or prop.identifier.startswith(OWN) or prop.identifier in BLENDERS:
            continue
        if prop.name != prop.identifier:  # a group inside another has no name of its own
            yield prop.name
        yield prop.description
        if prop.type == "ENUM":
            for item in prop.enum_items_static:
                yield item.name
                yield item.description


def template(node: ast.AST) -> str | None:
    """A text of the source with `{}` for what is filled in; None where the node is no text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = node.value
    elif isinstance(node, ast.JoinedStr):
        text = "".join(GAP if isinstance(v, ast.FormattedValue) else v.value for v in node.values)  # type: ignore[attr-defined]
    else:
        return None
    return " ".join(text.split())


def _shown(tree: ast.Module, drawn: bool) -> Iterator[Text]:
    """The texts of a source that a person reads; in one that is `drawn`, all of several words."""
    inner = set(_documentation(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            inner |= {part for part in node.values if isinstance(part, ast.Constant)}
            inner |= {part for v in node.values if isinstance(v, ast.FormattedValue) for part in _spelled(v)}
    said = {part for node in ast.walk(tree) for part in (*_said(node), *_described(node))}
    said |= set(_filled_in(tree))
    for node in ast.walk(tree):
        text = template(node)
        if text is None or node in inner or not re.search("[A-Za-z]", text.replace(GAP, "")):
            continue
        if node in said or (" " in text if drawn else bool(_SENTENCE.search(text))):
            yield text, node


def _documentation(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, (ast.Constant, ast.JoinedStr)):
            yield node.value


def _spelled(value: ast.FormattedValue) -> Iterator[ast.AST]:
    """Texts within a value that is filled in which are not shown: how it is written, keys, separators."""
    if value.format_spec is not None:
        yield from ast.walk(value.format_spec)
    for node in ast.walk(value.value):
        if isinstance(node, ast.Subscript):
            yield from ast.walk(node.slice)
        if isinstance(node, ast.Call):
            yield from (part for argument in node.args for part in ast.walk(argument) if isinstance(part, ast.Constant))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Constant):
            yield node.value


def _said(node: ast.AST) -> Iterator[ast.AST]:
    """Texts that are shown however short: of refusals and stages, of what is drawn, and of what fills sentences."""
    if isinstance(node, ast.FormattedValue):
        yield from _choices(node.value)
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        for value in node.exc.args:
            yield from _choices(value)
    if not isinstance(node, ast.Call):
        return
    name, shown = _name(node), [k.value for k in node.keywords if k.arg in ("text", "description")]
    if name.endswith("Error") or name in SAYING:
        shown += node.args
    if name in ("poll_message_set", "pgettext_rpt", "pgettext_iface", "pgettext_tip", "status_text_set"):
        shown += node.args[:1]
    for value in shown:
        yield from _choices(value)


def _filled_in(tree: ast.Module) -> Iterator[ast.AST]:
    """Texts of several words with a name that a sentence of the same source fills in."""
    names = {n.value.id for n in ast.walk(tree) if isinstance(n, ast.FormattedValue) and isinstance(n.value, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id in names for t in node.targets):
            yield from (text for text in _choices(node.value) if " " in (template(text) or ""))


def _described(node: ast.AST) -> Iterator[ast.AST]:
    """What a function returns that puts something into words."""
    if isinstance(node, ast.FunctionDef) and isinstance(node.returns, ast.Name) and node.returns.id == "str":
        for part in ast.walk(node):
            if isinstance(part, ast.Return) and part.value is not None:
                yield from (text for text in _choices(part.value) if " " in (template(text) or ""))


def _choices(value: ast.AST) -> Iterator[ast.AST]:
    if isinstance(value, ast.IfExp):
        yield from _choices(value.body)
        yield from _choices(value.orelse)
    elif isinstance(value, ast.BoolOp):
        for part in value.values:
            yield from _choices(part)
    else:
        yield value


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
