"""Large scenes, every material law and boundaries, forward only: `frames` runs them, `step` is the kernel.

The equations are those of `transfer`. They are arranged so that the compiler makes vector instructions of them: a
bundle of WIDTH particles is held in local arrays [quantity][lane], and loops over the lanes do the arithmetic:
- such a loop neither branches nor writes to global arrays, and a maximum over lanes has a loop of its own;
- elements are assigned, never added to with +=, which Taichi makes atomic even in local arrays;
- four numbers of a node are read and written as one vector whose index was itself read from an array.
The machine code says whether it worked: ti.init(print_kernel_asm=True).
"""
