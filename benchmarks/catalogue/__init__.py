"""What a catalogue of thousands of episodes costs: discovery, the UI's questions, and idle GPUs."""
