"""The monthly review (月评议): what a county talks over each month, decides, and comes back to."""
