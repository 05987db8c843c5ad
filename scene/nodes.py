"""Node trees built in code, so that the groups and materials of this folder read like the formulas they hold.

Blender 4.5 and 5.2 differ in two things that matter here, both hidden below: 4.5 keeps unused sockets (disabled), and
modifier inputs moved from custom properties to `modifier.properties.inputs`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from graphlib import TopologicalSorter
from typing import Any

import bpy

SOCKET_TYPES = {
    bool: "NodeSocketBool",
    int: "NodeSocketInt",
    float: "NodeSocketFloat",
    tuple: "NodeSocketVector",
    type(None): "NodeSocketObject",
}
COLUMN_WIDTH, ROW_HEIGHT = 220, 190
VERSION = "sway_version"


class Builder:
    """Adds linked nodes to one tree; every method returns the output socket that carries its result."""

    def __init__(self, tree: bpy.types.NodeTree) -> None:
        self.tree = tree

    def node(self, kind: str, inputs: dict[str | int, Any] | None = None, **settings: Any) -> bpy.types.Node:
        """One node. Inputs are sockets to link or plain values; settings decide which sockets exist."""
        node = self.tree.nodes.new(kind)
        for name, value in settings.items():
            setattr(node, name, value)
        enabled = [socket for socket in node.inputs if socket.enabled]
        for key, value in (inputs or {}).items():
            socket = enabled[key] if isinstance(key, int) else next(s for s in enabled if s.name == key)
            self._feed(socket, value)
        return node

    def add(self, kind: str, inputs: dict[str | int, Any] | None = None, **settings: Any) -> bpy.types.NodeSocket:
        """One node's first result."""
        return next(socket for socket in self.node(kind, inputs, **settings).outputs if socket.enabled)

    def math(self, operation: str, *operands: Any) -> bpy.types.NodeSocket:
        return self.add("ShaderNodeMath", dict(enumerate(operands)), operation=operation)

    def integer(self, operation: str, *operands: Any) -> bpy.types.NodeSocket:
        return self.add("FunctionNodeIntegerMath", dict(enumerate(operands)), operation=operation)

    def vector(self, operation: str, *operands: Any) -> bpy.types.NodeSocket:
        """Vector Math; its result is a vector or, for a dot product, a number."""
        return self.add("ShaderNodeVectorMath", dict(enumerate(operands)), operation=operation)

    def scaled(self, vector: bpy.types.NodeSocket, factor: Any) -> bpy.types.NodeSocket:
        return self.add("ShaderNodeVectorMath", {0: vector, "Scale": factor}, operation="SCALE")

    def attribute(self, name: str, data_type: str) -> bpy.types.NodeSocket:
        """A named attribute in geometry nodes."""
        return self.add("GeometryNodeInputNamedAttribute", {"Name": name}, data_type=data_type)

    def has_attribute(self, name: str, data_type: str) -> bpy.types.NodeSocket:
        node = self.node("GeometryNodeInputNamedAttribute", {"Name": name}, data_type=data_type)
        return node.outputs["Exists"]

    def store(self, geometry: Any, name: str, data_type: str, value: Any, **inputs: Any) -> bpy.types.NodeSocket:
        return self.add(
            "GeometryNodeStoreNamedAttribute",
            {"Geometry": geometry, "Name": name, "Value": value, **inputs},
            data_type=data_type,
            domain="POINT",
        )

    def without(self, geometry: Any, pattern: str) -> bpy.types.NodeSocket:
        """The geometry without the attributes whose names match a pattern such as "radiance:*"."""
        node = self.node("GeometryNodeRemoveAttribute", {"Geometry": geometry, "Name": pattern})
        if "Pattern Mode" in node.inputs:
            node.inputs["Pattern Mode"].default_value = "Wildcard"
        else:
            node.pattern_mode = "WILDCARD"
        return node.outputs[0]

    def sample(self, geometry: Any, data_type: str, value: Any, index: Any) -> bpy.types.NodeSocket:
        """A field's value at another geometry's point of that index."""
        inputs = {"Geometry": geometry, "Value": value, "Index": index}
        return self.add("GeometryNodeSampleIndex", inputs, data_type=data_type, domain="POINT")

    def switch(self, kind: str, condition: Any, if_false: Any, if_true: Any) -> bpy.types.NodeSocket:
        inputs = {"Switch": condition, "False": if_false, "True": if_true}
        return self.add("GeometryNodeSwitch", inputs, input_type=kind)

    def repeat(
        self,
        times: Any,
        items: dict[str, tuple[str, Any]],
        step: Callable[[bpy.types.NodeSocket, dict[str, bpy.types.NodeSocket]], dict[str, bpy.types.NodeSocket]],
    ) -> dict[str, bpy.types.NodeSocket]:
        """A repeat zone. `items` are (socket type, first value) by name; `step` maps a round's number and items on."""
        first, last = self.tree.nodes.new("GeometryNodeRepeatInput"), self.tree.nodes.new("GeometryNodeRepeatOutput")
        first.pair_with_output(last)
        last.repeat_items.clear()
        for name, (kind, _value) in items.items():
            last.repeat_items.new(kind, name)
        self._feed(first.inputs["Iterations"], times)
        for name, (_kind, value) in items.items():
            self._feed(first.inputs[name], value)
        for name, value in step(first.outputs["Iteration"], {name: first.outputs[name] for name in items}).items():
            self._feed(last.inputs[name], value)
        return {name: last.outputs[name] for name in items}

    def _feed(self, socket: bpy.types.NodeSocket, value: Any) -> None:
        if isinstance(value, bpy.types.NodeSocket):
            self.tree.links.new(value, socket)
        else:
            socket.default_value = value


class Number:
    """A socket that formulas can be written with: sums and products of such, and of plain numbers, become nodes."""

    def __init__(self, build: Builder, socket: Any) -> None:
        self.build, self.socket = build, socket

    def __add__(self, other: Any) -> Number:
        return self._with("ADD", self, other)

    def __sub__(self, other: Any) -> Number:
        return self._with("SUBTRACT", self, other)

    def __rsub__(self, other: Any) -> Number:
        return self._with("SUBTRACT", other, self)

    def __mul__(self, other: Any) -> Number:
        return self._with("MULTIPLY", self, other)

    __radd__, __rmul__ = __add__, __mul__

    def _with(self, operation: str, *operands: Any) -> Number:
        sockets = [operand.socket if isinstance(operand, Number) else operand for operand in operands]
        return Number(self.build, self.build.math(operation, *sockets))


def geometry_group(
    name: str, version: int, inputs: dict[str, dict[str, Any]], fill: Callable[[Builder, Any, Any], None]
) -> bpy.types.GeometryNodeTree:
    """The .blend's geometry-node group of that name, made on first use and refilled where its version is older.

    `inputs` maps an input's name to its interface settings, whose `default_value` decides its type (None: an object). A
    refill keeps the inputs that exist, so that modifiers keep the values people gave them.
    """
    tree = _local(bpy.data.node_groups, name)
    if tree is None:
        tree = bpy.data.node_groups.new(name, "GeometryNodeTree")
        tree.is_modifier = True
        for in_out in ("INPUT", "OUTPUT"):
            tree.interface.new_socket("Geometry", in_out=in_out, socket_type="NodeSocketGeometry")
    if tree.get(VERSION) == version:
        return tree
    for label, settings in inputs.items():
        if label not in tree.interface.items_tree:
            kind = SOCKET_TYPES[type(settings["default_value"])]
            socket = tree.interface.new_socket(label, in_out="INPUT", socket_type=kind)
            for key, value in settings.items():
                setattr(socket, key, value)
    tree.nodes.clear()
    fill(Builder(tree), tree.nodes.new("NodeGroupInput"), tree.nodes.new("NodeGroupOutput"))
    arrange(tree)
    tree[VERSION] = version
    return tree


def material(name: str, version: int, fill: Callable[[Builder, bpy.types.Material], None]) -> bpy.types.Material:
    """The .blend's material of that name, made on first use and refilled where its version is older."""
    found = _local(bpy.data.materials, name) or bpy.data.materials.new(name)
    if found.get(VERSION) == version:
        return found
    if found.node_tree is None:
        found.use_nodes = True
    found.node_tree.nodes.clear()
    fill(Builder(found.node_tree), found)
    arrange(found.node_tree)
    found[VERSION] = version
    return found


def set_input(modifier: bpy.types.NodesModifier, label: str, value: Any) -> None:
    """Sets an input of a geometry-nodes modifier by the name that people read."""
    identifier = _identifier(modifier, label)
    if hasattr(modifier, "properties"):
        getattr(modifier.properties.inputs, identifier).value = value
    else:
        modifier[identifier] = value
    modifier.id_data.update_tag()


def get_input(modifier: bpy.types.NodesModifier, label: str) -> Any:
    """Value of an input of a geometry-nodes modifier."""
    identifier = _identifier(modifier, label)
    if hasattr(modifier, "properties"):
        return getattr(modifier.properties.inputs, identifier).value
    return modifier[identifier]


def input_path(modifier: bpy.types.NodesModifier, label: str) -> str:
    """Data path of a modifier's input from its object, for F-curves and drivers."""
    identifier = _identifier(modifier, label)
    inside = f".properties.inputs.{identifier}.value" if hasattr(modifier, "properties") else f'["{identifier}"]'
    return modifier.path_from_id() + inside


def draw_input(layout: bpy.types.UILayout, modifier: bpy.types.NodesModifier, label: str) -> None:
    """A field for an input of a geometry-nodes modifier, to set and to key."""
    identifier = _identifier(modifier, label)
    if hasattr(modifier, "properties"):
        layout.prop(getattr(modifier.properties.inputs, identifier), "value", text=label)
    else:
        layout.prop(modifier, f'["{identifier}"]', text=label)


def arrange(tree: bpy.types.NodeTree) -> None:
    """Places nodes in columns from left to right by their distance to the output."""
    feeds: dict[str, list[str]] = {node.name: [] for node in tree.nodes}
    for link in tree.links:
        feeds[link.from_node.name].append(link.to_node.name)
    column: dict[str, int] = {}
    for name in TopologicalSorter(feeds).static_order():  # whatever a node feeds comes before it
        column[name] = max((column[fed] + 1 for fed in feeds[name]), default=0)
    rows: dict[int, int] = defaultdict(int)
    places = []
    for node in tree.nodes:
        place = column[node.name]
        places += [-place * COLUMN_WIDTH, -rows[place] * ROW_HEIGHT]
        rows[place] += 1
    tree.nodes.foreach_set("location", places)  # one by one, Blender looks at the whole tree each time


def _identifier(modifier: bpy.types.NodesModifier, label: str) -> str:
    return modifier.node_group.interface.items_tree[label].identifier


def _local(collection: Any, name: str) -> Any:
    """The data-block of that name that belongs to this file; linked ones of the same name cannot be edited."""
    return next((block for block in collection if block.name == name and block.library is None), None)
