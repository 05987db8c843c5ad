"""Materials a person knows, and the parameters of a material law.

Stiffness and strength are those of the real thing. A substep must be shorter than sound takes through a cell, so what
is stiffer than `stiffness_limit` is simulated as that stiff, with its strength scaled alike: it bends more easily than
the real thing, and yields at the same strain.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .param import Choice, param


class Law(Choice):
    """How stress follows from deformation; the names are those of `backend.mpm.materials`."""

    fixed_corotated = ("Elastic", "Springs back to its shape; what the material fit finds the stiffness of")
    neo_hookean = ("Rubber", "Springs back from large stretches, and cannot be squeezed to nothing")
    kelvin_voigt = ("Living Tissue", "Springs back with inner friction, so that fast ripples die first")
    von_mises = ("Metal", "Springs back a little, then bends for good and hardens")
    plasticine = ("Clay", "Is kneaded for good and softens where it is kneaded")
    drucker_prager = ("Sand", "Grains that slide at an angle and cannot pull")
    snow = ("Snow", "Packs hard, breaks apart when pulled")
    herschel_bulkley = ("Foam", "Keeps its shape until pushed hard enough, then flows")
    liquid = ("Liquid", "Flows at any push and keeps its volume")


ELASTIC = (Law.fixed_corotated, Law.neo_hookean, Law.kelvin_voigt)
"""Laws of what keeps its shape."""


@dataclass(frozen=True, kw_only=True)
class MaterialParams:
    """What a part of the subject is made of; parameters that its law does not name do nothing."""

    law: Law = param(Law.fixed_corotated, "How stress follows from deformation")
    density: float = param(1000.0, "Mass per volume", min=1.0, max=25000.0, unit="kg/m³")
    young_modulus: float = param(
        1e6,
        "Stiffness; of a liquid, how hard it is to squeeze",
        min=1.0,
        max=1e12,
        soft_max=1e9,
        unit="Pa",
        label="Stiffness",
    )
    poisson_ratio: float = param(0.3, "How much it thins when stretched", min=0.0, max=0.49)
    stiffness_limit: float = param(
        1e7,
        "What is stiffer than this is simulated as this stiff, because the time a frame takes grows with its root",
        min=1e2,
        max=1e12,
        unit="Pa",
        advanced=True,
        label="Stiffest",
    )
    retardation_time: float = param(
        5e-3,
        "Inner friction; a sway of one turn a second loses twenty times this of its swing each turn",
        min=0.0,
        max=10.0,
        unit="s",
        label="Inner Friction",
    )
    yield_stress: float = param(1e4, "Pull at which it begins to give for good", min=0.0, max=1e10, unit="Pa")
    hardening: float = param(0.0, "Yield stress gained by a stretch to twice the length", min=0.0, max=1e11, unit="Pa")
    softening: float = param(0.0, "Yield stress lost by a stretch to twice the length", min=0.0, max=1e11, unit="Pa")
    residual_stress: float = param(
        0.0, "Yield stress that kneading leaves", min=0.0, max=1e10, unit="Pa", label="Residual"
    )
    friction_angle: float = param(
        0.436, "Steepness of the cone of friction; heaps stand at about five degrees more", min=0.0, max=1.4, unit="rad"
    )
    critical_compression: float = param(
        2.5e-2, "Squeeze at which it begins to pack", min=1e-4, max=0.5, label="Packs At"
    )
    critical_stretch: float = param(7.5e-3, "Stretch at which it begins to break", min=1e-4, max=0.5, label="Breaks At")
    hardening_coefficient: float = param(10.0, "How fast packing makes it stiffer", min=0.0, max=50.0, label="Packing")
    viscosity: float = param(1e-3, "Thickness of the flow", min=1e-6, max=1e4, unit="Pa s")
    flow_exponent: float = param(1.0, "Below 1 it thins when stirred, above 1 it thickens", min=0.2, max=3.0)
    exponent: float = param(7.0, "How fast squeezing makes a liquid stiffer", min=1.0, max=10.0, advanced=True)

    def simulated(self) -> MaterialParams:
        """The same material no stiffer than its limit, with all its strengths scaled by the same factor."""
        share = min(1.0, self.stiffness_limit / self.young_modulus)
        strengths = ("young_modulus", "yield_stress", "hardening", "softening", "residual_stress")
        return replace(self, **{name: getattr(self, name) * share for name in strengths})


_CONSTANTS = {
    Law.kelvin_voigt: ("retardation_time",),
    Law.von_mises: ("yield_stress", "hardening"),
    Law.plasticine: ("yield_stress", "softening", "residual_stress"),
    Law.drucker_prager: ("friction_angle",),
    Law.snow: ("critical_compression", "critical_stretch", "hardening_coefficient"),
    Law.herschel_bulkley: ("yield_stress", "viscosity", "flow_exponent"),
    Law.liquid: ("exponent", "viscosity"),
}


def names_of(law: Law) -> tuple[str, ...]:
    """The parameters that mean something under a law."""
    stiffness = ("young_modulus",) if law is Law.liquid else ("young_modulus", "poisson_ratio")
    return ("law", "density", *stiffness, "stiffness_limit", *_CONSTANTS.get(law, ()))


class Preset(Choice):
    """Materials by their everyday names."""

    leaf = ("Leaf", "A broad green leaf")
    petal = ("Petal", "A soft flower petal")
    green_stem = ("Green Stem", "The stem of a herb; simulated a tenth as stiff, see Stiffest")
    wood = ("Wood", "Dry oak along the grain; simulated far softer than it is, see Stiffest")
    rubber = ("Rubber", "Natural rubber")
    jelly = ("Jelly", "Gelatine dessert")
    cloth = ("Cloth-Like", "As soft as denim pulled along its threads; it is a solid, so make it a few cells thick")
    metal_sheet = (
        "Metal Sheet",
        "Soft aluminium, which stays bent; simulated far softer than it is, see Stiffest",
    )
    sand = ("Sand", "Dry sand")
    snow = ("Snow", "Snow that packs")
    foam = ("Foam", "Shaving foam")
    clay = ("Clay", "Modelling clay")
    water = ("Water", "Fresh water")


PRESETS: dict[Preset, MaterialParams] = {
    Preset.leaf: MaterialParams(
        law=Law.kelvin_voigt,
        # Turgid tissue is mostly water, with air between its cells.
        density=800.0,
        # Oak leaves: bulk modulus 5 to 20 MPa, Young's modulus in proportion (Saito et al. 2006, J. Exp. Bot.); pith of
        # potatoes: 1 to 19 MPa, more the fuller of water (Niklas 1988, Am. J. Bot. 75).
        young_modulus=1e7,
        # Apple flesh has 0.38 (Ogut & Aydin 1992); more air between cells makes it less. Bending hardly feels it.
        poisson_ratio=0.3,
        # A damping ratio of 0.03 at 1.5 Hz, as of green stems.
        retardation_time=6e-3,
    ),
    Preset.petal: MaterialParams(
        law=Law.kelvin_voigt,
        # As the leaf.
        density=800.0,
        # Parenchyma without vessels or fibres: from 0.3 MPa up (Gibson 2012, J. R. Soc. Interface 9, abstract).
        young_modulus=1e6,
        # As the leaf, both.
        poisson_ratio=0.3,
        retardation_time=6e-3,
    ),
    Preset.green_stem: MaterialParams(
        law=Law.kelvin_voigt,
        # As water: it sinks slowly.
        density=1000.0,
        # Stems of herbs range from tens of MPa to GPa (Methods Protoc. 2025, 8, 32); unlignified ones at the low end.
        young_modulus=1e8,
        # As the leaf.
        poisson_ratio=0.3,
        # Free stems sway with a few percent of critical damping (Bruechert, Speck & Spatz 2003): 0.03 at 1.5 Hz.
        retardation_time=6e-3,
    ),
    Preset.wood: MaterialParams(
        law=Law.fixed_corotated,
        # Northern red oak at 12 % moisture: gravity 0.63, 12.5 GPa, nu_LR 0.35 (USDA Wood Handbook 2010, ch. 5).
        density=630.0,
        young_modulus=1.25e10,
        poisson_ratio=0.35,
    ),
    Preset.rubber: MaterialParams(
        law=Law.neo_hookean,
        # Natural rubber: 920 to 930 kg/m3, 1.5 to 2.5 MPa (Ashby 2011, Materials Selection, app. A).
        density=925.0,
        young_modulus=2e6,
        # 0.4999 in truth, which would make substeps twenty times shorter.
        poisson_ratio=0.45,
    ),
    Preset.jelly: MaterialParams(
        law=Law.neo_hookean,
        # Nineteen parts of twenty are water.
        density=1000.0,
        # 4.3 kPa at 20 parts of water, 277 kPa at 2 (Bonavia 2025, arXiv 2512.20502).
        young_modulus=5e3,
        # Incompressible in truth (Nielsen et al. 2001), as rubber.
        poisson_ratio=0.45,
    ),
    Preset.cloth: MaterialParams(
        law=Law.kelvin_voigt,
        # 0.4 kg/m2 at 0.9 mm, a medium denim.
        density=450.0,
        # Denim: 5.5 % at the standard 490 N/m, 1.07 mm thick (J. Textiles 2016, 4614168, table 5).
        young_modulus=8e6,
        # Threads straighten without thinning the cloth much; no measurement.
        poisson_ratio=0.1,
        # No measurement: cloth stops swinging within two or three turns.
        retardation_time=3e-2,
    ),
    Preset.metal_sheet: MaterialParams(
        law=Law.von_mises,
        # Aluminium 1100-O: 2710 kg/m3, 69 GPa, 0.33, yield 34 MPa, strength 90 MPa at 35 % (ASM Handbook, vol. 2).
        density=2710.0,
        young_modulus=6.9e10,
        poisson_ratio=0.33,
        yield_stress=3.4e7,
        # (90 - 34) MPa over 0.35.
        hardening=1.6e8,
    ),
    Preset.sand: MaterialParams(
        law=Law.drucker_prager,
        # Klar et al. 2016, their sand. Real sand weighs 1600 kg/m3 and is far stiffer, which changes no heap: friction
        # alone shapes those.
        density=2200.0,
        young_modulus=3.537e5,
        poisson_ratio=0.3,
        # 25 degrees: slides in simple shear as quartz sand at its angle of repose, 29.6 degrees (the run-out test).
        friction_angle=0.436,
    ),
    Preset.snow: MaterialParams(
        law=Law.snow,
        # Stomakhin et al. 2013, table 2, all of them.
        density=400.0,
        young_modulus=1.4e5,
        poisson_ratio=0.2,
        critical_compression=2.5e-2,
        critical_stretch=7.5e-3,
        hardening_coefficient=10.0,
    ),
    Preset.foam: MaterialParams(
        law=Law.herschel_bulkley,
        # Soap foam: 10 to 25 cm3/g, shear modulus 50 to 85 Pa (Komatsu et al. 1978, J. Soc. Cosmet. Chem. 29).
        density=70.0,
        # 2 (1 + nu) 70 Pa.
        young_modulus=210.0,
        # The air in it is a thousand times harder to squeeze than to shear; 0.49 is the solver's most.
        poisson_ratio=0.49,
        # Foams yield in shear at about a fifth of the shear modulus (Princen & Kiss 1989), sqrt(3) as much in tension.
        yield_stress=24.0,
        # 15 to 20 poise (Komatsu et al. 1978), and the exponent of foams whose films slide (Denkov et al. 2009).
        viscosity=1.8,
        flow_exponent=0.5,
    ),
    Preset.clay: MaterialParams(
        law=Law.plasticine,
        # Play dough of PAC-NeRF (Li et al. 2023): 2 MPa, 0.3, yield 15.4 kPa, and water's density.
        density=1000.0,
        young_modulus=2e6,
        poisson_ratio=0.3,
        yield_stress=1.54e4,
        # No measurement: a tenth of the strength goes with 10 % of kneading, half of it in the end.
        softening=1.5e4,
        residual_stress=7.7e3,
    ),
    Preset.water: MaterialParams(
        law=Law.liquid,
        # At 20 degrees Celsius (CRC Handbook): 998 kg/m3, 1.0 mPa s, 2.2 GPa.
        density=998.0,
        young_modulus=2.2e9,
        # Makes Young's modulus the bulk modulus.
        poisson_ratio=1 / 3,
        # Keeps water in a basin a hand deep within 1 % of its volume.
        stiffness_limit=1e5,
        viscosity=1e-3,
        # Monaghan 1994.
        exponent=7.0,
    ),
}
"""Each with its source. The list is for starting from: every value can be changed."""
