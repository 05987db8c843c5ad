"""What a simulated motion becomes on a timeline: loops, bones and keys, frames in files. Numpy only, but for `usd`."""
