"""Arrivals and departures (流入、流出登记): one form, no certificate needed."""
