"""What the API shows: the shapes of its answers, and how they are filled from what is stored."""
