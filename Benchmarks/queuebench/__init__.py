"""What Benchmarks/queue is made of: the servers it starts, the programs it runs, and one module a section."""
