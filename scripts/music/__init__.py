"""A short EP of our own, composed in code and rendered by FluidSynth: the music of the demo and of the fixtures."""
