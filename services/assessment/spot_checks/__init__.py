"""Spot checks by random sample (抽查): are the cases an office reports what it says they are?"""
