"""Free supplies (免费用品): anyone may take them; nobody is ever written down for it."""
