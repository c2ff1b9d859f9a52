"""Dwellings and rooms (房屋, 房间): housing-based service, 以房管人 turned to 以房服务."""
