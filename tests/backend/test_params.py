"""Parameters: declared once, refused in words, and unchanged by a trip over the wire."""

from __future__ import annotations

import pytest

from backend.api import wire
from backend.api.bake import BakeParams
from backend.api.check import CheckParams
from backend.api.fit import FitParams, Strategy
from backend.api.materials import PRESETS, MaterialParams, Preset
from backend.api.param import specs, validate
from backend.api.reference import ReferenceParams
from backend.api.simulate import SimulateParams

ALL = [ReferenceParams, FitParams, SimulateParams, BakeParams, CheckParams, MaterialParams]


@pytest.mark.parametrize("cls", ALL)
def test_round_trip_over_the_wire(cls):
    """to_jsonable and from_jsonable are inverse."""
    assert wire.from_jsonable(cls, wire.to_jsonable(cls())) == cls()


@pytest.mark.parametrize("cls", ALL)
def test_defaults_are_valid_and_every_parameter_explains_itself(cls):
    """No default lies outside its own bounds, and no tooltip is empty or ends like a sentence."""
    validate(cls())
    for name, _hint, _default, spec in specs(cls):
        assert len(spec.doc) > 10 and not spec.doc.endswith("."), name


def test_refusal_names_value_and_range():
    """A value outside its bounds is refused with label, value, range and unit."""
    with pytest.raises(ValueError, match=r"CFL Number is 0.9; it must lie between 0.1 and 0.5\."):
        validate(FitParams(cfl=0.9))
    with pytest.raises(ValueError, match="Density"):
        validate(FitParams(density=float("nan")))


def test_presets_are_valid_and_keep_their_yield_strain():
    """Every preset lies within the bounds, and softening it for the solver leaves the strain at which it yields."""
    assert set(PRESETS) == set(Preset)
    for params in PRESETS.values():
        validate(params)
        soft = params.simulated()
        assert soft.young_modulus == pytest.approx(min(params.young_modulus, params.stiffness_limit))
        assert soft.yield_stress / soft.young_modulus == pytest.approx(params.yield_stress / params.young_modulus)
        validate(soft)


def test_enums_travel_by_name():
    """An enum's name is on the wire; an unknown one is refused with the choices."""
    assert wire.to_jsonable(FitParams())["strategy"] == Strategy.modal.name
    with pytest.raises(ValueError, match="must be one of modal, gradient"):
        wire.from_jsonable(FitParams, {"strategy": "magic"})


def test_messages_round_trip():
    """Every message survives its line of JSON."""
    for message in (
        wire.Submit("a", "fit", "folder", {"parts": 2}, {"clip": "x"}),
        wire.Cancel("a"),
        wire.Ready("cpu", {"numpy": "2"}),
        wire.Progress("a", 0.5, "Fitting", None),
        wire.Preview("a", "p.png"),
        wire.Partial("a", "p.npz"),
        wire.Log("a", "warning", "w"),
        wire.Done("a", "failed", error="e"),
    ):
        assert wire.decode(wire.encode(message)) == message


def test_a_line_that_is_no_message_is_refused():
    """Noise is told apart from messages."""
    with pytest.raises(ValueError):
        wire.decode('{"type": "nonsense"}')


def test_the_manual_is_made_from_the_declarations():
    """docs/parameters.md is what `python -m tools.parameters` writes today."""
    from tools import parameters

    assert parameters.PAGE.read_text(encoding="utf-8") == parameters.page()
