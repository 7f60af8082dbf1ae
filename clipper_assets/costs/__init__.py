"""What an episode cost: the asset `episode_costs`."""
