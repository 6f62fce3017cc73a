"""The public log of draws: it only grows, is signed, witnessed, and served as files. docs/draw-bundle.md says how."""
