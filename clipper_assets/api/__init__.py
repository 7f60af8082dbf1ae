"""The authenticated door for frontends: requests in, the state of episodes out; what is made, Dagster's runs make."""
