"""Publicity (宣传): the monthly greeting with its news, and the days that propose campaigns."""
