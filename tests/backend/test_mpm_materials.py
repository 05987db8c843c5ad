"""Material laws at a single point, in float64: invariance, yield surfaces and flow curves, each with its formula."""

import numpy as np
import pytest

from backend import taichi_runtime
from backend.api.materials import PRESETS, Law, Preset
from backend.mpm.elementary import exp, log
from backend.mpm.material import Material
from backend.mpm.materials import LAWS
from backend.mpm.materials.neo_hookean import kirchhoff_stress, kirchhoff_stress_adjoint
from backend.mpm.materials.snow import SOFTEST, STIFFEST
from backend.mpm.stability import CFL_DEFAULT

ti = pytest.importorskip("taichi")

from benchmarks.experiments.points import (  # noqa: E402 (after the check that there is Taichi)
    LAME,
    SHEAR,
    TABLE,
    YOUNG,
    Points,
    cone,
    deviator,
    hencky,
    norm,
    rotations,
    stretched,
    tension_test,
)

Matrices = ti.types.ndarray(dtype=ti.types.matrix(3, 3, None), ndim=1)
Reals = ti.types.ndarray(ndim=1)


@pytest.fixture(scope="module", autouse=True)
def f64():
    """Taichi in float64; other modules find it in float32 again."""
    taichi_runtime.start("f64")
    yield
    taichi_runtime.start("f32")


@pytest.mark.parametrize("name", LAWS)
def test_turning_the_body_turns_its_stress(name):
    """tau(Q F) = Q tau(F) Q^T and F'(Q F) = Q F'(F) for every law and rotation Q, and no rotation makes stress."""
    F, Q = stretched(24, 0.1), rotations(24, 7)
    C = np.random.default_rng(3).normal(0, 1, (24, 3, 3))
    plain, turned = Points(name, F), Points(name, Q @ F)
    stress = plain.deform(C, 1e-3)
    # A turned body sees the same motion with its velocity gradient turned. 1e-9 of the stiffness is far above rounding
    # and far below any stress here.
    np.testing.assert_allclose(
        turned.deform(Q @ C @ Q.transpose(0, 2, 1), 1e-3), Q @ stress @ Q.transpose(0, 2, 1), atol=1e-9 * YOUNG
    )
    np.testing.assert_allclose(turned.F, Q @ plain.F, atol=1e-12)
    assert np.abs(stress).max() > 1e-3 * YOUNG
    assert np.abs(Points(name, Q).deform(np.zeros((3, 3)))).max() < 1e-9 * YOUNG


@pytest.mark.parametrize("name", [law.name for law in TABLE if law.plastic])
def test_visible_deformation_follows_motion_alone(name):
    """The visible F is the product of (I + dt C) whatever flows, while the elastic F stays on the yield surface."""
    points = Points(name, np.tile(np.eye(3), (8, 1, 1)))
    C = np.random.default_rng(4).normal(0, 1, (8, 3, 3))
    expected = np.eye(3)
    for _ in range(50):
        points.deform(C, 0.01)
        expected = (np.eye(3) + 0.01 * C) @ expected
    np.testing.assert_allclose(points.visible, expected, rtol=1e-10, atol=1e-12)
    assert np.abs(points.F - expected).max() > 0.1


def test_tension_test_of_metal():
    """At strain e_p + sigma / E along and -e_p / 2 - nu sigma / E across, sigma = Y + H e_p and none sideways."""
    tau, exact, points = tension_test()
    # The return map is exact along a straight path; 1e-5 is asked for, rounding stays at 1e-10.
    np.testing.assert_allclose(tau, exact, atol=1e-5 * 2000)
    np.testing.assert_allclose(points.memory, 0.05, rtol=1e-5)


def test_metal_keeps_its_volume():
    """Flow leaves tr(eps) unchanged and brings |dev tau| to sqrt(2/3) (Y + H a)."""
    F = stretched(200, 0.2)
    points = Points("von_mises", F)
    tau = points.deform(np.zeros((3, 3)))
    trial = 2 * SHEAR * norm(hencky(F) - hencky(F).mean(1, keepdims=True))
    limit = np.sqrt(2 / 3) * (2000 + 5e4 * points.memory)
    np.testing.assert_allclose(hencky(points.F).sum(1), hencky(F).sum(1), atol=1e-12)
    flowed = trial > np.sqrt(2 / 3) * 2000
    assert 0.5 < flowed.mean() < 1
    np.testing.assert_allclose(norm(deviator(tau))[flowed], limit[flowed], rtol=1e-9)
    np.testing.assert_allclose(norm(deviator(tau))[~flowed], trial[~flowed], atol=1e-6)


def test_plasticine_softens_to_its_residue():
    """Kneaded plasticine yields at max(Y - B a, Y_r), a the plastic strain gone through."""
    points = Points("plasticine", np.tile(np.eye(3), (8, 1, 1)))
    strengths = []
    for step in range(400):
        # Shear to and fro by 10 %.
        C = np.zeros((3, 3))
        C[0, 1] = 0.01 if step // 20 % 2 else -0.01
        strengths.append((points.memory[0], norm(deviator(points.deform(C)))[0] / np.sqrt(2 / 3)))
    before, strength = np.array(strengths).T
    limit = np.maximum(2000 - 1e4 * np.append(before[1:], points.memory[0]), 800)
    assert np.all(strength < limit * (1 + 1e-9))
    assert limit[-1] == 800
    # At the end of each stroke it flows.
    np.testing.assert_allclose(strength[19::20], limit[19::20], rtol=1e-9)


def test_sand_lies_on_its_cone():
    """Sheared sand is brought back to the cone at the same volume, spread sand to its tip, the rest is left alone."""
    F = stretched(400, 0.1)
    points = Points("drucker_prager", F)
    tau = points.deform(np.zeros((3, 3)))
    trial, eps = hencky(F), hencky(points.F)
    tip, inside = trial.sum(1) >= 0, cone(trial, 0.5) <= 0
    sheared = ~tip & ~inside
    assert min(tip.sum(), inside.sum(), sheared.sum()) > 10
    np.testing.assert_allclose(cone(eps, 0.5)[sheared], 0, atol=1e-5)
    np.testing.assert_allclose(eps[sheared].sum(1), trial[sheared].sum(1), atol=1e-12)
    np.testing.assert_allclose(eps[tip], 0, atol=1e-12)
    assert np.abs(tau[tip]).max() < 1e-6
    np.testing.assert_array_equal(points.F[inside], F[inside])


def test_sand_that_spread_closes_without_stress():
    """Volume correction (Tampubolon et al. 2017): sand spread by 3 % bears nothing until 3 % are taken back."""
    points = Points("drucker_prager", np.tile(np.eye(3), (8, 1, 1)))
    points.deform(np.eye(3) * 0.01)
    np.testing.assert_allclose(points.memory, 3 * np.log(1.01), rtol=1e-12)
    assert np.abs(points.deform(np.eye(3) * (1 / 1.005 - 1))).max() < 1e-6
    tau = points.deform(np.eye(3) * (1.005 / 1.01 * np.exp(-0.001) - 1))
    # 0.1 % beyond the grains' touch in each direction: pressure (3 lam + 2 mu) 0.001.
    np.testing.assert_allclose(tau[0], -np.eye(3) * (3 * LAME + 2 * SHEAR) * 0.001, rtol=1e-9)


def test_snow_keeps_within_its_clamps():
    """Stretches end in 1 - theta_c .. 1 + theta_s, Jp takes the rest, exp(xi (1 - Jp)) stiffens (Stomakhin 2013)."""
    F = stretched(200, 0.06)
    points = Points("snow", F)
    tau = points.deform(np.zeros((3, 3)))
    s, kept = np.linalg.svd(F)[1], np.linalg.svd(points.F)[1]
    np.testing.assert_allclose(kept, np.clip(s, 1 - 2.5e-2, 1 + 7.5e-3), atol=1e-12)
    np.testing.assert_allclose(points.memory, s.prod(1) / kept.prod(1), rtol=1e-12)
    h = np.exp(10 * (1 - points.memory))[:, None]
    J = kept.prod(1, keepdims=True)
    expected = h * (2 * SHEAR * (kept - 1) * kept + LAME * J * (J - 1))
    np.testing.assert_allclose(np.sort(np.linalg.eigvalsh(tau)), np.sort(expected), atol=1e-6)
    assert h.min() < 0.8 and h.max() > 1.3


def test_snow_packs_harder_within_bounds():
    """Snow squeezed step by step stiffens as exp(xi (1 - Jp)) up to tenfold, torn snow softens to a tenth, no further.

    The trial stretch is past the clamp, so the kept one, and with it tau / h, is the same at every step.
    """
    for rate, bound, clamp in ((-0.02, STIFFEST, 1 - 2.5e-2), (0.02, SOFTEST, 1 + 7.5e-3)):
        points = Points("snow", np.tile(np.eye(3) * clamp, (8, 1, 1)))
        unhardened = 2 * SHEAR * (clamp - 1) * clamp + LAME * clamp**3 * (clamp**3 - 1)
        packed = 1.0
        factors = []
        for _ in range(20):
            tau = points.deform(np.eye(3) * rate)
            packed *= (1 + rate) ** 3
            np.testing.assert_allclose(points.memory, packed, rtol=1e-12)
            factors.append(tau[0, 0, 0] / unhardened)
            assert factors[-1] == pytest.approx(np.clip(np.exp(10 * (1 - packed)), SOFTEST, STIFFEST), rel=1e-9)
        assert factors[-1] == pytest.approx(bound)
        assert 0.2 < factors[0] < 5


@pytest.mark.parametrize("exponent", [0.6, 1.0, 1.5])
def test_foam_follows_its_flow_curve(exponent):
    """In steady shear |dev tau| = sqrt(2/3) Y + eta |D|^n (Yue et al. 2015), D the strain rate; at rest Y is left."""
    viscosity, rates = 40.0, np.array([0.1, 1.0, 10.0])
    points = Points("herschel_bulkley", np.tile(np.eye(3), (3, 1, 1)), viscosity=viscosity, flow_exponent=exponent)
    C = np.zeros((3, 3, 3))
    C[:, 0, 1] = rates
    for _ in range(400):
        tau = points.deform(C, 0.005)
    expected = np.sqrt(2 / 3) * 300 + viscosity * (rates / np.sqrt(2)) ** exponent
    # The formula is for small elastic strain; here it is |dev tau| / (2 mu), up to 0.6 %.
    np.testing.assert_allclose(norm(deviator(tau)), expected, rtol=0.01)
    for _ in range(200):
        tau = points.deform(np.zeros((3, 3)), 0.1)
    np.testing.assert_allclose(norm(deviator(tau)), np.sqrt(2 / 3) * 300, rtol=0.01)


def test_liquid_has_tait_pressure_and_newtonian_shear():
    """p = K / gamma (J^-gamma - 1), shear stress eta du/dy (Monaghan 1994), and no pull when spread."""
    bulk = LAME + 2 / 3 * SHEAR
    points = Points("liquid", np.tile(np.eye(3), (8, 1, 1)))
    C = np.diag(np.linspace(-0.05, -0.01, 3))
    for n in range(1, 4):
        tau = points.deform(C)
        J = (1 + np.trace(C)) ** n
        pressure = bulk / 7 * (J**-7 - 1)
        viscous = 2 * 3.0 * J * (C - np.trace(C) / 3 * np.eye(3))
        np.testing.assert_allclose(tau[0], viscous - J * pressure * np.eye(3), rtol=1e-10, atol=1e-6)
    shear = np.zeros((3, 3))
    shear[0, 1] = 2.0
    tau = Points("liquid", np.tile(np.eye(3), (8, 1, 1))).deform(shear, 1e-3)
    np.testing.assert_allclose(tau[0], 3.0 * (shear + shear.T), atol=1e-9)
    assert np.trace(Points("liquid", np.tile(np.eye(3), (8, 1, 1))).deform(np.eye(3) * 0.1)[0]) == 0


def test_liquid_forgets_how_far_it_flew_apart():
    """Spread to J = 1.1 it counts as J = 1.02, so that 3 % closer it presses with K / gamma (0.9894^-gamma - 1)."""
    points = Points("liquid", np.tile(np.eye(3), (8, 1, 1)), viscosity=0.0)
    assert np.abs(points.deform(np.eye(3) * 0.1 / 3)).max() == 0
    J = 1.02 * 0.97
    pressure = (LAME + 2 / 3 * SHEAR) / 7 * (J**-7 - 1)
    np.testing.assert_allclose(points.deform(np.eye(3) * -0.01)[0], -J * pressure * np.eye(3), rtol=1e-10, atol=1e-6)


def test_kelvin_voigt_resists_the_rate():
    """At rest, tau = T (2 mu D + lam tr(D) I): the elastic stress of the strain T D."""
    C = np.random.default_rng(5).normal(size=(8, 3, 3))
    dt = 1e-9
    tau = Points("kelvin_voigt", np.tile(np.eye(3), (8, 1, 1))).deform(C, dt)
    D = (C + C.transpose(0, 2, 1)) / 2
    expected = 0.01 * (2 * SHEAR * D + LAME * np.trace(D, axis1=1, axis2=2)[:, None, None] * np.eye(3))
    # What the substep itself strains is dt / T of it.
    np.testing.assert_allclose(tau, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


@ti.kernel
def stresses(F: Matrices, tau: Matrices, G: Matrices, gF: Matrices, g_mu: Reals, g_lam: Reals, mu: float, lam: float):
    for n in range(F.shape[0]):
        J = F[n].determinant()
        tau[n] = kirchhoff_stress(F[n], F[n], J, mu, lam)
        gF[n], g_mu[n], g_lam[n] = kirchhoff_stress_adjoint(F[n], F[n], J, mu, lam, G[n])


def stress(F: np.ndarray, G: np.ndarray, mu: float, lam: float) -> tuple:
    out = np.empty_like(F), np.empty_like(F), np.empty(len(F)), np.empty(len(F))
    stresses(F, out[0], G, *out[1:], mu, lam)
    return out


def test_neo_hookean_stress_is_the_energys_derivative():
    """tau = dpsi/dF F^T, psi = mu/2 (|F|^2 - 3) - mu ln J + lam/2 (ln J)^2; its adjoint fits its differences."""
    F = stretched(20, 0.5)
    rng = np.random.default_rng(6)
    G, dF = rng.normal(size=F.shape), rng.normal(size=F.shape)
    mu, lam, step = 3.0, 2.0, 1e-5

    def energy(F):
        ln = np.log(np.linalg.det(F))
        return mu / 2 * ((F**2).sum((1, 2)) - 3) - mu * ln + lam / 2 * ln**2

    tau, gF, g_mu, g_lam = stress(F, G, mu, lam)
    work = (energy(F + step * dF @ F) - energy(F - step * dF @ F)) / (2 * step)
    np.testing.assert_allclose((tau * dF).sum((1, 2)), work, rtol=1e-6, atol=1e-7)
    d_tau = (stress(F + step * dF, G, mu, lam)[0] - stress(F - step * dF, G, mu, lam)[0]) / (2 * step)
    np.testing.assert_allclose((gF * dF).sum((1, 2)), (G * d_tau).sum((1, 2)), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(g_mu, (G * stress(F, G, 1.0, 0.0)[0]).sum((1, 2)), atol=1e-12)
    np.testing.assert_allclose(g_lam, (G * stress(F, G, 0.0, 1.0)[0]).sum((1, 2)), atol=1e-12)


@ti.kernel
def logarithms(x: Reals, y: Reals, z: Reals):
    for n in range(x.shape[0]):
        y[n] = log(x[n])
        z[n] = exp(y[n])


def test_polynomial_logarithm():
    """exp and log in float32 are those of numpy to 4e-7 over the stretches that occur, and exact at 1."""
    taichi_runtime.start("f32")
    x = np.append(np.exp(np.linspace(-4, 4, 4001)), 1.0).astype(np.float32)
    y, z = np.empty_like(x), np.empty_like(x)
    logarithms(x, y, z)
    np.testing.assert_allclose(y, np.log(x.astype(np.float64)), rtol=4e-7, atol=1e-12)
    np.testing.assert_allclose(z, np.exp(y.astype(np.float64)), rtol=4e-7)
    assert y[-1] == 0 and z[-1] == 1
    taichi_runtime.start("f64")


def test_every_preset_is_a_material():
    """Parameters and laws agree in names; each preset's law gets all of its constants, softened where it is stiff."""
    assert {law.name for law in Law} == set(LAWS)
    for preset, params in PRESETS.items():
        material = Material.of(params)
        assert material.name == params.law.name, preset
        for constant in material.law.constants:
            assert material.constants[constant.name] == getattr(params.simulated(), constant.name)
    assert Material.of(PRESETS[Preset.metal_sheet]).constants["yield_stress"] == pytest.approx(3.4e7 * 1e7 / 6.9e10)


def test_every_preset_can_be_simulated():
    """A subject of 1 m on 32 cells at 24 frames a second takes at most 800 substeps a frame of any preset.

    The longest substep is cfl cell / c, c the speed of sound at the law's stiffest; real oak would take 17,000. What is
    scaled down keeps the strains at which it yields.
    """
    for preset, params in PRESETS.items():
        simulated, material = params.simulated(), Material.of(params)
        nu = simulated.poisson_ratio
        modulus = simulated.young_modulus * (1 - nu) / ((1 + nu) * (1 - 2 * nu))
        stiffening = np.max(material.law.stiffening(material.constants))
        sound = np.sqrt(modulus * stiffening / simulated.density)
        assert sound / (CFL_DEFAULT / 32 * 24) < 800, preset
        strains = [p.yield_stress / p.young_modulus for p in (params, simulated)]
        assert strains[0] == pytest.approx(strains[1]), preset


def test_impossible_materials_are_refused():
    """An unknown law, a missing constant and a value out of range are refused by name, value, range and unit."""
    with pytest.raises(ValueError, match="no material law 'cheese'; choose one of fixed_corotated, neo_hookean"):
        Material("cheese")
    with pytest.raises(ValueError, match="von_mises needs yield_stress, hardening, got yield_stress"):
        Material("von_mises", {"yield_stress": 1.0})
    with pytest.raises(ValueError, match="drucker_prager is 2 rad; it must lie between 0 and 1.4 rad"):
        Material("drucker_prager", {"friction_angle": 2.0})
