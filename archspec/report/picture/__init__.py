"""Pictures of networks: graphs of each level, their layout, and what writes them."""
