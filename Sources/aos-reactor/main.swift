print("aos-reactor")
