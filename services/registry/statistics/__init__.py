"""Anonymous figures: the population bridge (人口平衡)."""
