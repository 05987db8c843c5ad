"""USD out of Sway: what USD's own library reads back is what was written, and no more samples than needed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backend.baking.usd import POINTS, SPLATS, write_usd
from backend.gaussians import Gaussians
from backend.rotations import normalised

pytest.importorskip("pxr")
COUNT, FPS = 50, 25.0


@pytest.fixture
def moving():
    """Three frames of a cloud of which the places change, and from the last but one on the rotations."""
    rng = np.random.default_rng(0)
    cloud = Gaussians(
        rng.normal(size=(COUNT, 3)).astype(np.float32),
        normalised(rng.normal(size=(COUNT, 4))).astype(np.float32),
        rng.uniform(0.01, 0.1, (COUNT, 3)).astype(np.float32),
        rng.uniform(0, 1, COUNT).astype(np.float32),
        rng.normal(size=(COUNT, 4, 3)).astype(np.float32),
    )
    other = normalised(cloud.rotations + 0.1)
    later = [replace(cloud, positions=cloud.positions + k) for k in (1, 2, 3)]
    return list(zip((1.0, 2.0, 3.0), [*later[:2], replace(later[2], rotations=other)], strict=True))


def test_gaussian_splats_come_back(moving, tmp_path):
    """Every attribute of UsdVol's schema at every frame; what never changes has no sample."""
    from pxr import Usd, UsdVol

    path = tmp_path / "plant.usdc"
    assert write_usd(path, "a plant", moving, FPS, SPLATS) == 3
    stage = Usd.Stage.Open(str(path))
    assert stage.GetTimeCodesPerSecond() == FPS and (stage.GetStartTimeCode(), stage.GetEndTimeCode()) == (1, 3)
    field = UsdVol.ParticleField3DGaussianSplat(stage.GetDefaultPrim())
    assert field.GetPath() == "/a_plant" and field.GetRadianceSphericalHarmonicsDegreeAttr().Get() == 1
    for time, cloud in moving:
        np.testing.assert_array_equal(np.array(field.GetPositionsAttr().Get(time)), cloud.positions)
        turned = [(*(q.real,), *q.imaginary) for q in field.GetOrientationsAttr().Get(time)]
        np.testing.assert_array_equal(np.array(turned, np.float32), cloud.rotations)
        np.testing.assert_array_equal(np.array(field.GetScalesAttr().Get(time)), cloud.scales)
        np.testing.assert_array_equal(np.array(field.GetOpacitiesAttr().Get(time)), cloud.opacity)
        harmonics = np.array(field.GetRadianceSphericalHarmonicsCoefficientsAttr().Get(time))
        np.testing.assert_array_equal(harmonics.reshape(COUNT, 4, 3), cloud.sh)
    assert field.GetScalesAttr().GetNumTimeSamples() == 0
    assert field.GetOrientationsAttr().GetNumTimeSamples() == 2  # still up to frame 2, other at 3


def test_points_carry_the_names_of_splat_objects(moving, tmp_path):
    """Primvars named as the attributes of a splat object, one vector for each further harmonic."""
    from pxr import Usd, UsdGeom

    path = tmp_path / "points.usdc"
    write_usd(path, "2nd", moving, FPS, POINTS)
    stage = Usd.Stage.Open(str(path))
    points = UsdGeom.Points(stage.GetDefaultPrim())
    assert points.GetPath() == "/_2nd"
    primvars = {p.GetPrimvarName(): p for p in UsdGeom.PrimvarsAPI(points).GetPrimvars()}
    assert {"rotation", "scale", "radiance:base", "radiance:sh_0", "radiance:sh_2"} <= set(primvars)
    _, cloud = moving[1]
    base = np.array(primvars["radiance:base"].Get(2.0))
    np.testing.assert_array_equal(base[:, 3], cloud.opacity)
    np.testing.assert_array_equal(np.array(points.GetPointsAttr().Get(2.0)), cloud.positions)


def test_half_an_export_leaves_no_file(moving, tmp_path):
    """A cloud that loses splats on the way is refused, nothing is named like the finished file."""
    path = tmp_path / "broken.usdc"
    fewer = (4.0, moving[0][1].select(np.arange(COUNT - 1)))
    with pytest.raises(ValueError, match="number of splats changes"):
        write_usd(path, "x", [*moving, fewer], FPS, SPLATS)
    assert not path.exists()
    with pytest.raises(ValueError, match="no frame"):
        write_usd(path, "x", [], FPS, SPLATS)
