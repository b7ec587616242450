"""The parts of a fusion that decide nothing about calls: what advisers read, what the synthesizer reads, and what
their texts have in common. The calls themselves are `engine.fusion`."""
