"""Registration by phone (自助登记), which the desk confirms over her id card."""
