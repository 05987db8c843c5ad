"""`python -m backend.spectral.training --minutes 90 --out FOLDER`: write pictures, train, evaluate, save weights."""

from __future__ import annotations

import argparse
from pathlib import Path

from .devices import chosen
from .generator import SEEN
from .train import Options, train


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m backend.spectral.training", description=__doc__)
    parser.add_argument(
        "--out", type=Path, required=True, help="folder of checkpoints, log and weights; resumed if there"
    )
    parser.add_argument("--minutes", type=float, default=90, help="the learning rate falls to nothing at their end")
    parser.add_argument("--pool", type=Path, help="folder of samples, made by --write; default: OUT/pool")
    parser.add_argument("--write", type=int, metavar="FILES", help="only write so many files of samples, and end")
    parser.add_argument("--first", type=int, default=0, help="number of the first file of samples to write")
    parser.add_argument("--families", nargs="+", default=SEEN, choices=SEEN, help="of the plants on them")
    parser.add_argument("--zoom", type=float, default=1.0, help="of the samples' sides against 96 x 64 pixels")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=2e-3, help="highest learning rate")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--start", type=Path, help="weights to begin with, of this network or a smaller one")
    parser.add_argument("--device", default="auto", help='"cuda", "mps" or "cpu"; the best there is by default')
    parser.add_argument("--loaders", type=int, help="threads that prepare batches; default: 4, none on processors")
    parser.add_argument("--compile", action="store_true", help="let PyTorch fuse operations; needs a compiler")
    parser.add_argument("--optimiser", choices=("muon", "adamw"), default="muon")
    parser.add_argument("--outlines", type=int, metavar="SCENES", help="only write OUT/outlines.npz, and end")
    parser.add_argument("--sheet", action="store_true", help="only draw OUT/generator.png of the generator, and end")
    options = parser.parse_args()
    if options.outlines:
        from .outlines import write_outlines

        write_outlines(options.out, options.outlines)
        return
    if options.sheet:
        from .sheet import write_sheet

        options.out.mkdir(parents=True, exist_ok=True)
        write_sheet(options.out / "generator.png")
        return
    pool = options.pool or options.out / "pool"
    if options.write:
        from .pool import write

        write(pool, options.first, options.write, tuple(options.families), zoom=options.zoom)
        return
    device = chosen(options.device)
    network = train(
        Options(
            options.out,
            pool,
            options.minutes,
            options.batch,
            options.rate,
            options.threads,
            options.start,
            device=str(device),
            loaders=(0 if device.type == "cpu" else 4) if options.loaders is None else options.loaders,
            compiled=options.compile,
            orthogonal=options.optimiser == "muon",
        )
    )
    from .sheet import write_sheet

    write_sheet(options.out / "predicted.png", network.cpu().eval())


if __name__ == "__main__":
    main()
