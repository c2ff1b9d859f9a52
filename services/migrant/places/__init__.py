"""Places (服务点): where people are served, and what is done there: referrals, appointments,
free supplies. One list for the county."""
