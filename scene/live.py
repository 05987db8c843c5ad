"""A splat object that follows a `Swing` at once: its modes are taken to every splat beforehand."""

from __future__ import annotations

import bpy
import numpy as np

from ..backend import rotations as rot
from ..backend.swing import Swing
from . import motion, splats


class LivePose:
    """Shows amplitudes of a swing on an object, a few milliseconds for a hundred thousand splats."""

    def __init__(self, obj: bpy.types.Object, swing: Swing) -> None:
        """The object's place in the world is taken from now. Raises ValueError where the swing is of another cloud."""
        b = swing.binding
        if len(b.splats) and b.splats.max() >= len(obj.data.points):
            raise ValueError(f"{obj.name} has fewer splats than what was prepared; start again")
        rest = splats.read_splats(obj)
        rotation, scale = rot.similarity(np.array(obj.matrix_world))
        turn_back = rotation.T
        self.splats = b.splats
        self._positions, self._rotations = rest.positions.copy(), rest.rotations.copy()
        self._rest, self._turned = rest.positions[b.splats], rest.rotations[b.splats]
        self._shapes = _carried(swing.shapes @ turn_back.T / scale, b)
        self._turns = _carried(swing.turns @ turn_back.T, b)
        motion.attach(obj)

    def write(self, obj: bpy.types.Object, amplitudes: np.ndarray) -> None:
        """Pose the object at amplitudes [M]."""
        a = amplitudes.astype(np.float32)
        self._positions[self.splats] = self._rest + (a @ self._shapes).reshape(-1, 3)
        turned = rot.quaternion_from_vector((a @ self._turns).reshape(-1, 3))
        self._rotations[self.splats] = rot.multiply(turned, self._turned)
        splats.write_attribute(obj, motion.POSED_POSITION, "FLOAT_VECTOR", self._positions)
        splats.write_attribute(obj, motion.POSED_ROTATION, "QUATERNION", self._rotations)

    def places(self, obj: bpy.types.Object) -> np.ndarray:
        """Where the splats that move are now [M, 3], world."""
        matrix = np.array(obj.matrix_world)
        return self._positions[self.splats] @ matrix[:3, :3].T + matrix[:3, 3]


def _carried(fields: np.ndarray, binding) -> np.ndarray:
    """Fields [M, P, 3] on the particles taken to the splats [M, 3 S], float32."""
    each = np.einsum("sk,mskc->msc", binding.weights, fields[:, binding.particles].astype(np.float32))
    return np.ascontiguousarray(each.reshape(len(fields), -1), np.float32)
