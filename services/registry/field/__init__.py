"""Work in the field without network (离线采集): what a phone took down is sent when it can be."""
