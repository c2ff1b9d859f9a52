"""Monthly reconciliation (对账): two nodes compare what they sent, received and confirmed."""
