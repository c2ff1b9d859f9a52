"""The certificate (流动人口婚育证明) as the person's own credential: issued, checked, revoked."""
