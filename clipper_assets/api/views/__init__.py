"""Response models of the API, and how they are built from snapshots of episodes."""
