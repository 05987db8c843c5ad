"""Material laws, one per file, and the table of them. A new law needs its file and its line here."""

from . import (
    drucker_prager,
    fixed_corotated,
    herschel_bulkley,
    kelvin_voigt,
    liquid,
    neo_hookean,
    plasticine,
    snow,
    von_mises,
)
from .law import Law

LAWS: dict[str, Law] = {
    law.name: law
    for law in (
        fixed_corotated.LAW,
        neo_hookean.LAW,
        kelvin_voigt.LAW,
        von_mises.LAW,
        plasticine.LAW,
        drucker_prager.LAW,
        snow.LAW,
        herschel_bulkley.LAW,
        liquid.LAW,
    )
}
