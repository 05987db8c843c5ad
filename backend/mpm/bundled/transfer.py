"""Bundles to the grid and back: eqs. (1) to (3) and (5) of `mpm.transfer`, vectorised over lanes and nodes.

The fourth number of a node is mass on the way there and not used on the way back. On the way back, sums over x and y
run over 16 numbers at once: the nodes along z, and one more, which nobody reads afterwards.
"""

import taichi as ti

from ..transfer import first_node
from ..weights import stencil, weight
from ..window import BLOCK
from . import packing as row
from .lanes import greatest, least, matrix
from .packing import WIDTH
from .response import respond


@ti.func
def scatter(
    motions: ti.template(),
    matters: ti.template(),
    shapes: ti.template(),
    kinds: ti.template(),
    push: ti.template(),
    grid: ti.template(),
    touched: ti.template(),
    flags: ti.template(),
    bundle,
    start,
    stamp,
    t,
    dt,
    cell,
    offset,
    shape,
    laws: ti.template(),
    shared: ti.template(),
):
    """Deform a bundle and add its momentum and mass to the grid that begins at node `start`; t: part of the frame."""
    x = [motions[bundle, row.X + i] for i in range(3)]
    v = [motions[bundle, row.V + i] for i in range(3)]
    C = [motions[bundle, row.C + i] for i in range(9)]
    tau = [ti.Vector.zero(float, WIDTH) for _ in range(9)]
    J = ti.Vector.zero(float, WIDTH)
    volume = ti.Vector.zero(float, WIDTH)
    mass = motions[bundle, row.MASS]
    if push.shape[1] == 1:
        a = push[0, 0] + t * (push[1, 0] - push[0, 0])
        for q in range(WIDTH):
            for i in ti.static(range(3)):
                v[i][q] = v[i][q] + dt * a[i]
    else:
        for q in range(WIDTH):
            p = bundle * WIDTH + q
            a = push[0, p] + t * (push[1, p] - push[0, p])
            for i in ti.static(range(3)):
                v[i][q] = v[i][q] + dt * a[i]
    respond(matters, shapes, bundle, kinds[bundle], C, tau, J, volume, dt, laws)
    node = ti.Vector.zero(int, WIDTH)
    block = ti.Vector.zero(int, WIDTH)
    weights = [ti.Vector.zero(float, 4 * WIDTH) for _ in range(3)]
    locate(x, node, block, weights, cell, offset, shape)
    for q in range(WIDTH):
        touched[block[q]] = stamp
    raise_flags(flags, x, J)
    # Momentum and mass at the stencil's first node, and what they change by per cell along x, y and z [4 * lane + c].
    corner = ti.Vector.zero(float, 4 * WIDTH)
    slopes = [ti.Vector.zero(float, 4 * WIDTH) for _ in range(3)]
    for q in range(WIDTH):
        A = (mass[q] * cell) * matrix(C, q) - (4.0 * dt * volume[q] / cell) * matrix(tau, q)
        fx = ti.Vector([x[i][q] for i in ti.static(range(3))])
        momentum = mass[q] * ti.Vector([v[i][q] for i in ti.static(range(3))]) - A @ fx
        for i in ti.static(range(3)):
            corner[4 * q + i] = momentum[i]
            for j in ti.static(range(3)):
                slopes[j][4 * q + i] = A[i, j]
        corner[4 * q + 3] = mass[q]
        for j in ti.static(range(3)):
            slopes[j][4 * q + 3] = 0.0
    spread(corner, slopes, node, weights, grid, start, shape, shared)


@ti.func
def locate(x: ti.template(), node: ti.template(), block: ti.template(), weights: ti.template(), cell, offset, shape):
    """x = the distance from the stencil's first node in cells; node, block = its index and its block's.

    Also sets weights [axis][4 * lane + k].
    """
    size = ti.Vector(BLOCK)
    blocks = (shape + size - 1) // size
    for q in range(WIDTH):
        base, fx = stencil(ti.Vector([x[i][q] for i in ti.static(range(3))]), cell, offset, shape)
        node[q] = first_node(base, shape)
        block[q] = first_node(base // size, blocks)
        for i in ti.static(range(3)):
            x[i][q] = fx[i]
            for k in ti.static(range(3)):
                weights[i][4 * q + k] = weight(k - fx[i])
            weights[i][4 * q + 3] = 0.0


@ti.func
def raise_flags(flags: ti.template(), x: ti.template(), J: ti.template()):
    """As `mpm.transfer.raise_flags`, for a bundle's distances x and volume ratios J."""
    # Which flag is looked up only where there is one: almost never.
    farthest = ti.Vector.zero(float, WIDTH)
    for q in range(WIDTH):
        away = [ti.abs(x[i][q] - 1.0) for i in range(3)]
        crushed = ti.select(J[q] < 0.1, 1.0, 0.0) + ti.select(J[q] > 10.0, 1.0, 0.0)
        farthest[q] = ti.max(away[0], away[1], away[2]) + crushed
    if greatest(farthest) > 0.5 + 1e-3:
        for axis in ti.static(range(3)):
            if least(x[axis]) < 0.5 - 1e-3:
                flags[0, 2 * axis] = 1
            if greatest(x[axis]) > 1.5 + 1e-3:
                flags[0, 2 * axis + 1] = 1
        if least(J) < 0.1 or greatest(J) > 10.0:
            flags[0, 6] = 1


@ti.func
def spread(
    corner: ti.template(),
    slopes: ti.template(),
    node: ti.template(),
    weights: ti.template(),
    grid: ti.template(),
    start,
    shape,
    shared: ti.template(),
):
    """Add each lane's momentum and mass to the 27 nodes of its stencil."""
    lines = ti.Vector.zero(int, 9)
    for q in range(WIDTH):
        for line in range(9):
            lines[line] = start + node[q] + (line // 3 * shape[1] + line % 3) * shape[2]
        for line in range(9):
            i, j = line // 3, line % 3
            n = lines[line]
            w = weights[0][4 * q + i] * weights[1][4 * q + j]
            value = w * (four(corner, q) + i * four(slopes[0], q) + j * four(slopes[1], q))
            along_z = w * four(slopes[2], q)
            for k in ti.static(range(3)):
                term = weights[2][4 * q + k] * (value + k * along_z)
                if ti.static(shared):
                    grid[n + k] += term
                else:
                    grid[n + k] = grid[n + k] + term


@ti.func
def four(a: ti.template(), q):
    """The four numbers of lane q."""
    return ti.Vector([a[4 * q], a[4 * q + 1], a[4 * q + 2], a[4 * q + 3]])


@ti.func
def gather(
    motions: ti.template(), motion_rows: ti.template(), velocity: ti.template(), bundle, dt, cell, offset, shape
):
    """Take velocity, its gradient and the next position of a bundle from node velocities [4 * nodes, and 4 more].

    `motion_rows` is the memory of `motions` [bundles * COLUMNS].
    """
    x = [motions[bundle, row.X + i] for i in range(3)]
    fx = [motions[bundle, row.X + i] for i in range(3)]
    node = ti.Vector.zero(int, WIDTH)
    block = ti.Vector.zero(int, WIDTH)
    weights = [ti.Vector.zero(float, 4 * WIDTH) for _ in range(3)]
    locate(fx, node, block, weights, cell, offset, shape)
    # Sums over x and y of w u, and of w u times the distance from the middle node along x and along y.
    total = ti.Vector.zero(float, 16)
    by_x = ti.Vector.zero(float, 16)
    by_y = ti.Vector.zero(float, 16)
    # The same over z too, and times the distance along z [4 * lane + c].
    velocities = ti.Vector.zero(float, 4 * WIDTH)
    moments = [ti.Vector.zero(float, 4 * WIDTH) for _ in range(3)]
    for q in range(WIDTH):
        wx = [weights[0][4 * q + k] for k in range(3)]
        wy = [weights[1][4 * q + k] for k in range(3)]
        wz = [weights[2][4 * q + k] for k in range(3)]
        first = 4 * node[q]
        plane = 4 * shape[1] * shape[2]
        for c in range(16):
            line = [0.0, 0.0, 0.0]
            moment = 0.0
            for j in ti.static(range(3)):
                n = first + 4 * j * shape[2] + c
                low = wx[0] * velocity[n]
                high = wx[2] * velocity[n + 2 * plane]
                line[j] = wy[j] * (low + wx[1] * velocity[n + plane] + high)
                moment += wy[j] * (high - low)
            total[c] = line[0] + line[1] + line[2]
            by_x[c] = moment
            by_y[c] = line[2] - line[0]
        for c in range(4):
            low, high = wz[0] * total[c], wz[2] * total[8 + c]
            velocities[4 * q + c] = low + wz[1] * total[4 + c] + high
            moments[0][4 * q + c] = wz[0] * by_x[c] + wz[1] * by_x[4 + c] + wz[2] * by_x[8 + c]
            moments[1][4 * q + c] = wz[0] * by_y[c] + wz[1] * by_y[4 + c] + wz[2] * by_y[8 + c]
            moments[2][4 * q + c] = high - low
    # All columns before the mass [WIDTH * column + lane].
    state = ti.Vector.zero(float, row.MASS * WIDTH)
    for q in range(WIDTH):
        u = ti.Vector([velocities[4 * q + i] for i in ti.static(range(3))])
        B = ti.Matrix([[moments[j][4 * q + i] for j in ti.static(range(3))] for i in ti.static(range(3))])
        from_middle = ti.Vector([fx[i][q] - 1.0 for i in ti.static(range(3))])
        gradient = (4.0 / cell) * (B - u.outer_product(from_middle))
        for i in ti.static(range(3)):
            state[WIDTH * (row.X + i) + q] = x[i][q] + dt * u[i]
            state[WIDTH * (row.V + i) + q] = u[i]
            for j in ti.static(range(3)):
                state[WIDTH * (row.C + 3 * i + j) + q] = gradient[i, j]
    columns = ti.Vector.zero(int, row.MASS)
    for column in range(row.MASS):
        columns[column] = row.COLUMNS * bundle + column
    for column in range(row.MASS):
        n = columns[column]
        motion_rows[n] = ti.Vector([state[WIDTH * column + q] for q in ti.static(range(WIDTH))])
