"""What the material laws of a scene answer to the deformation of a bundle; one law for all of its lanes."""

import taichi as ti

from ..materials.law import CONSTANTS
from . import packing as row
from .lanes import deform, diagonalise, matrix, put, rotate
from .packing import WIDTH

MATERIAL = (row.MU, row.LAM, row.VOLUME, row.MEMORY, row.CONSTANT)
MU, LAM, VOLUME, MEMORY, CONSTANT = (column - row.MU for column in MATERIAL)
"""Where they are among the arrays of a bundle's material numbers."""


def present(laws: tuple, measure: str) -> bool:
    """Whether one of the laws is of this measure."""
    return any(law.measure == measure for law in laws)


@ti.func
def is_of(kind, laws: ti.template(), measure: ti.template()):
    """Whether the law of index `kind` is of this measure."""
    found = 0
    for index in ti.static(range(len(laws))):
        if ti.static(laws[index].measure == measure):
            found |= kind == index
    return found


@ti.func
def respond(
    matters: ti.template(),
    shapes: ti.template(),
    bundle,
    kind,
    C: ti.template(),
    tau: ti.template(),
    J: ti.template(),
    volume: ti.template(),
    dt,
    laws: ti.template(),
):
    """Deform a bundle by velocity gradients C; sets its Kirchhoff stress tau, volume ratio J and volume at rest."""
    F = [matters[bundle, i] for i in range(9)]
    R = [ti.Vector.zero(float, WIDTH) for _ in range(9)]
    m = [matters[bundle, row.MU + i] for i in range(row.COLUMNS - row.MU)]
    for q in range(WIDTH):
        volume[q] = m[VOLUME][q]
    deform(F, C, dt)
    # Outside the laws, so that however many there are, this is compiled once. The outer conditions decide whether it is
    # compiled at all, so the two cannot be one.
    if ti.static(present(laws, "rotation")):  # noqa: SIM102
        if is_of(kind, laws, "rotation"):
            rotate(F, R)
    if ti.static(present(laws, "stretches")):  # noqa: SIM102
        if is_of(kind, laws, "stretches"):
            diagonalise(F, tau, R)
    for index in ti.static(range(len(laws))):
        if kind == index:
            if ti.static(laws[index].measure == "stretches"):
                by_stretches(laws[index], F, tau, R, J, m, dt)
            else:
                by_gradient(laws[index], F, tau, R, C, J, m, dt)
    for i in ti.static(range(9)):
        matters[bundle, i] = F[i]
    matters[bundle, row.MEMORY] = m[MEMORY]
    if ti.static(present(laws, "stretches")):  # noqa: SIM102
        if is_of(kind, laws, "stretches"):
            for i in ti.static(range(9)):
                F[i] = shapes[bundle, i]
            deform(F, C, dt)
            for i in ti.static(range(9)):
                shapes[bundle, i] = F[i]


@ti.func
def by_stretches(
    law: ti.template(), F: ti.template(), b: ti.template(), U: ti.template(), J: ti.template(), m: ti.template(), dt
):
    """F = its elastic part after flow, b = the Kirchhoff stress."""
    for q in range(WIDTH):
        s = ti.sqrt(ti.max(ti.Vector([b[0][q], b[1][q], b[2][q]]), 1e-12))
        c = ti.Vector([m[CONSTANT + i][q] for i in ti.static(range(CONSTANTS))])
        kept, t, memory = law.respond(s, m[MU][q], m[LAM][q], c, m[MEMORY][q], dt)
        m[MEMORY][q] = memory
        J[q] = kept[0] * kept[1] * kept[2]
        V = matrix(U, q)
        A = matrix(F, q)
        # The change alone, so that rounding adds nothing where nothing flows.
        put(F, q, A + scaled(V, kept / s - 1.0) @ (V.transpose() @ A))
        put(b, q, scaled(V, t) @ V.transpose())


@ti.func
def scaled(A, factors):
    """A with its columns multiplied by factors."""
    return ti.Matrix([[A[i, k] * factors[k] for k in ti.static(range(3))] for i in ti.static(range(3))])


@ti.func
def by_gradient(
    law: ti.template(),
    F: ti.template(),
    tau: ti.template(),
    R: ti.template(),
    C: ti.template(),
    J: ti.template(),
    m: ti.template(),
    dt,
):
    """tau = the Kirchhoff stress."""
    for q in range(WIDTH):
        c = ti.Vector([m[CONSTANT + i][q] for i in ti.static(range(CONSTANTS))])
        stress, memory, ratio = law.respond(
            matrix(F, q), matrix(R, q), matrix(C, q), m[MU][q], m[LAM][q], c, m[MEMORY][q], dt
        )
        m[MEMORY][q] = memory
        J[q] = ratio
        put(tau, q, stress)
