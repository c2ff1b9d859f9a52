"""DCI (数字融合倡议接口): governments that speak the Digital Convergence Initiative's standard ask
the register and the migrant service, and follow events, through this door."""
