package look

// BrailleDots are the bits of the dots of a cell by column and row from the top (Unicode 8.7, "Braille
// Patterns").
var BrailleDots = [2][4]uint8{{0x01, 0x02, 0x04, 0x40}, {0x08, 0x10, 0x20, 0x80}}
