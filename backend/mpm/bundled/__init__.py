"""Large scenes, every material law and boundaries, forward only: `frames` runs them, `step` is the kernel.

The equations are those of `transfer`. They are arranged so that the compiler makes vector instructions of them: a
bundle of WIDTH particles is held in local arrays [quantity][lane], and loops over the lanes do the arithmetic:
- such a loop neither branches nor writes to global arrays, and a maximum over lanes has a loop of its own;
- elements are assigned, never added to with +=, which Taichi makes atomic even in local arrays;
- four numbers of a node, and a column of a bundle, are written as one vector into an array of one dimension, at an
  index that was itself read from an array: with two, every number would be stored for itself.
Tried, and no faster: four nodes along z stored together for each even z (half the instructions, twice the grid), nodes
gathered as vectors without the flat loop, lanes taken from far-apart particles, huge pages. What remains seems to be
waiting for the grid: with 17 particles in a cell instead of 2, a particle takes three quarters of the time.
The machine code says whether it worked: ti.init(print_kernel_asm=True).
"""
