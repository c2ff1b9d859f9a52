"""The three cards (三卡) to print: resident, migrant service, separated person."""
