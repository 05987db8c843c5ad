"""Material laws at single points, in float64: no grid, no time but the substeps asked for."""

import numpy as np
import taichi as ti  # noqa: TID253 (kernels are compiled where they are written)

from backend.mpm.bundled.packing import CONSTANT, LAM, MEMORY, MU, VOLUME, WIDTH
from backend.mpm.bundled.response import respond
from backend.mpm.material import Material
from backend.mpm.materials import LAWS

YOUNG, POISSON = 1e5, 0.3
SHEAR, LAME = YOUNG / (2 * (1 + POISSON)), YOUNG * POISSON / ((1 + POISSON) * (1 - 2 * POISSON))
CONSTANTS = {
    "kelvin_voigt": {"retardation_time": 0.01},
    "von_mises": {"yield_stress": 2000.0, "hardening": 5e4},
    "plasticine": {"yield_stress": 2000.0, "softening": 1e4, "residual_stress": 800.0},
    "drucker_prager": {"friction_angle": 0.5},
    "snow": {"critical_compression": 2.5e-2, "critical_stretch": 7.5e-3, "hardening_coefficient": 10.0},
    "herschel_bulkley": {"yield_stress": 300.0, "viscosity": 40.0, "flow_exponent": 0.6},
    "liquid": {"exponent": 7.0, "viscosity": 3.0},
}
TABLE = tuple(LAWS.values())
Lanes = ti.types.ndarray(dtype=ti.types.vector(WIDTH, None), ndim=2)
Kinds = ti.types.ndarray(ndim=1)


@ti.kernel
def answer(matter: Lanes, shape: Lanes, kinds: Kinds, gradient: Lanes, stress: Lanes, ratio: Lanes, dt: float):
    for bundle in range(kinds.shape[0]):
        C = [gradient[bundle, i] for i in range(9)]
        tau = [ti.Vector.zero(float, WIDTH) for _ in range(9)]
        J = ti.Vector.zero(float, WIDTH)
        volume = ti.Vector.zero(float, WIDTH)
        respond(matter, shape, bundle, kinds[bundle], C, tau, J, volume, dt, ti.static(TABLE))
        for i in ti.static(range(9)):
            stress[bundle, i] = tau[i]
        ratio[bundle, 0] = J


class Points:
    """Material points of one law, deformed step by step; all matrices [P, 3, 3]."""

    def __init__(self, name: str, F: np.ndarray, **constants) -> None:
        material = Material(name, CONSTANTS.get(name, {}) | constants)
        law = material.law
        self.count, bundles = len(F), -(-len(F) // WIDTH)
        self._matter = np.zeros((bundles * WIDTH, 16))
        self._matter[:, :9] = np.eye(3).ravel()
        self._matter[: self.count, :9] = F.reshape(-1, 9)
        self._matter[:, [MU, LAM, VOLUME, MEMORY]] = SHEAR, LAME, 1.0, law.memory
        columns = law.columns(material.values(len(self._matter)))
        self._matter[:, CONSTANT : CONSTANT + len(columns)] = np.stack(columns, -1) if columns else 0
        self._matter = self._lanes(self._matter)
        self._shape = self._matter.copy()
        self._kinds = np.full(bundles, TABLE.index(law), np.int32)

    @staticmethod
    def _lanes(rows: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(rows.reshape(-1, WIDTH, rows.shape[-1]).transpose(0, 2, 1))

    def _rows(self, lanes: np.ndarray, columns: slice) -> np.ndarray:
        return lanes[:, columns].transpose(0, 2, 1).reshape(len(lanes) * WIDTH, -1)[: self.count]

    def deform(self, C: np.ndarray, dt: float = 1.0) -> np.ndarray:
        """Kirchhoff stress [P, 3, 3] after a substep with velocity gradients C."""
        gradient = np.zeros((len(self._kinds) * WIDTH, 9))
        gradient[: self.count] = np.broadcast_to(C, (self.count, 3, 3)).reshape(-1, 9)
        stress, ratio = np.zeros((len(self._kinds), 9, WIDTH)), np.zeros((len(self._kinds), 1, WIDTH))
        answer(self._matter, self._shape, self._kinds, self._lanes(gradient), stress, ratio, dt)
        self.J = self._rows(ratio, slice(1))[:, 0]
        return self._rows(stress, slice(9)).reshape(-1, 3, 3)

    @property
    def F(self) -> np.ndarray:
        """What the stress comes from."""
        return self._rows(self._matter, slice(9)).reshape(-1, 3, 3)

    @property
    def visible(self) -> np.ndarray:
        """Deformation since rest."""
        return self._rows(self._shape, slice(9)).reshape(-1, 3, 3)

    @property
    def memory(self) -> np.ndarray:
        return self._rows(self._matter, slice(MEMORY, MEMORY + 1))[:, 0]


def rotations(count: int, seed: int) -> np.ndarray:
    Q = np.linalg.qr(np.random.default_rng(seed).normal(size=(count, 3, 3)))[0]
    return Q * np.linalg.det(Q)[:, None, None]


def stretched(count: int, size: float, seed: int = 0) -> np.ndarray:
    """Deformations with principal Hencky strains up to `size`; the first is the identity."""
    strain = np.random.default_rng(seed).uniform(-size, size, (count, 1, 3))
    strain[0] = 0
    return (rotations(count, seed + 1) * np.exp(strain)) @ rotations(count, seed + 2)


def hencky(F: np.ndarray) -> np.ndarray:
    """Principal Hencky strains [P, 3]."""
    return np.log(np.linalg.svd(F)[1])


def deviator(tau: np.ndarray) -> np.ndarray:
    return tau - np.trace(tau, axis1=1, axis2=2)[:, None, None] / 3 * np.eye(3)


def norm(a: np.ndarray) -> np.ndarray:
    return np.sqrt((a**2).sum(tuple(range(1, a.ndim))))


def tension_test() -> tuple[np.ndarray, np.ndarray, Points]:
    """Kirchhoff stress [steps, 3, 3] of metal drawn out along x, what it should be, and the points.

    At strain e_p + sigma / E along and -e_p / 2 - nu sigma / E across, sigma = Y + H e_p and none sideways.
    """
    limit, hardening = (CONSTANTS["von_mises"][name] for name in ("yield_stress", "hardening"))
    plastic = np.linspace(0.0, 0.05, 26)
    sigma = limit + hardening * plastic
    along, across = plastic + sigma / YOUNG, -plastic / 2 - POISSON * sigma / YOUNG
    points = Points("von_mises", np.tile(np.eye(3), (8, 1, 1)))
    before, shown = np.zeros(3), []
    for strain in np.stack([along, across, across], 1):
        shown.append(points.deform(np.diag(np.exp(strain - before) - 1))[0])
        before = strain
    exact = np.zeros((26, 3, 3))
    exact[:, 0, 0] = sigma
    return np.stack(shown), exact, points


def cone(eps: np.ndarray, angle: float) -> np.ndarray:
    """Klar et al. 2016: |dev eps| + (3 lam + 2 mu) / (2 mu) tr(eps) alpha, zero on the cone of friction."""
    alpha = np.sqrt(2 / 3) * 2 * np.sin(angle) / (3 - np.sin(angle))
    slope = (3 * LAME + 2 * SHEAR) / (2 * SHEAR) * alpha
    return norm(eps - eps.mean(1, keepdims=True)) + slope * eps.sum(1)


def off_the_cone() -> float:
    """Largest strain by which sheared sand lies off its cone after the return map, of 400 deformations."""
    F = stretched(400, 0.1)
    points = Points("drucker_prager", F)
    points.deform(np.zeros((3, 3)))
    angle = CONSTANTS["drucker_prager"]["friction_angle"]
    sheared = (hencky(F).sum(1) < 0) & (cone(hencky(F), angle) > 0)
    return float(np.abs(cone(hencky(points.F), angle)[sheared]).max())
