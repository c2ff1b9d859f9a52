"""The grid (网格): posts of liaison staff in four levels, their areas, holders and coverage."""
