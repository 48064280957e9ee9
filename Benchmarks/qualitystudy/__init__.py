"""What LAME's settings do to music at the profile's bit rate; see Benchmarks/quality."""
