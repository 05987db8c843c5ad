"""Alembic out of Sway: what Alembic's own library reads back is what was written, Y up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backend.baking.alembic import Y_UP, write_alembic
from backend.gaussians import Gaussians
from backend.rotations import matrix_from_quaternion, normalised

pytest.importorskip("alembic3d")


def test_points_come_back_with_their_attributes(tmp_path):
    """Places, ids, colour, opacity, orientation and scale at each of two frames."""
    from alembic3d import Abc, AbcGeom

    rng = np.random.default_rng(0)
    cloud = Gaussians(
        rng.normal(size=(20, 3)).astype(np.float32),
        normalised(rng.normal(size=(20, 4))).astype(np.float32),
        rng.uniform(0.01, 0.1, (20, 3)).astype(np.float32),
        rng.uniform(0, 1, 20).astype(np.float32),
        rng.normal(size=(20, 1, 3)).astype(np.float32),
    )
    later = replace(cloud, positions=cloud.positions + 1)
    path = tmp_path / "plant.abc"
    assert write_alembic(path, "plant", [(1.0, cloud), (2.0, later)], 24.0) == 2
    archive = Abc.IArchive(str(path))
    schema = AbcGeom.IPoints(archive.getTop(), "plant").getSchema()
    assert schema.getNumSamples() == 2
    for index, one in enumerate((cloud, later)):
        sample = schema.getValue(Abc.ISampleSelector(index))
        places = np.array([tuple(p) for p in sample.getPositions()])
        np.testing.assert_allclose(places, one.positions @ Y_UP.T, atol=1e-6)
        assert list(sample.getIds()) == list(range(20))
    params = schema.getArbGeomParams()
    turns = AbcGeom.IQuatfGeomParam(params, "orient").getExpandedValue(Abc.ISampleSelector(1)).getVals()
    read = matrix_from_quaternion(np.array([(q.r(), *q.v()) for q in turns]))
    np.testing.assert_allclose(read, Y_UP @ matrix_from_quaternion(cloud.rotations), atol=1e-6)
    colours = AbcGeom.IC3fGeomParam(params, "Cd").getExpandedValue(Abc.ISampleSelector(0)).getVals()
    np.testing.assert_allclose(np.array([(c.r, c.g, c.b) for c in colours]), cloud.colours, atol=1e-6)


def test_nothing_to_write_is_refused(tmp_path):
    """No frame, no file."""
    with pytest.raises(ValueError, match="no frame"):
        write_alembic(tmp_path / "x.abc", "x", [], 24.0)
    assert not list(tmp_path.iterdir())
