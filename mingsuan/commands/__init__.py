"""The commands by what they are about; parts are imported inside them, so that `--help` is instant."""
