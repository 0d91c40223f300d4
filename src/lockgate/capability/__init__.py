"""What a chip can do: operators, layers, layouts, training, serving, fleets, calibration."""
