"""Prize draws that need no trust; docs/draw-bundle.md tells the protocol byte by byte."""
