// The head of the man in the photo `camera`: averages of 8 x 8 pixels, in levels of 0 to 255, two hex
// digits each. The tests hold them to data/photos.

export const PHOTO = [
  "d0d1d1d1c58b5f6583afc4cdcdcccccc",
  "cfd0cfac46322a1f212e62b6cdcdcdcd",
  "d1d0b32c28352c2c221a1b39b5cecfcf",
  "d2cb3d1228342d362f1b1a1d41b8cecf",
  "d277131a212c38363e30191c1748c2d0",
  "4b24151112171f2f3b341c21171783d0",
  "16100c0e0f18151b362a2225181540cf",
  "1b140e0d1f1010162c3922211a2550d3",
  "1a130f456e320d22588272433580a1d4",
  "181211537c632a68837685723e7ba3b9",
  "1f300e3aa972367e987d4b6677626d73",
  "22873a2e4c6369769baca1c4d099a1c2",
  "2148a7453b57666a88a299b1c68ab2b6",
  "2023cb663d3d5967778f9b79be81689b",
  "212189b53c2f394f5d6b6eb1e7d77c55",
  "1e1e4893793c2130515f4d98b5b5b159",
].map((row) => row.match(/../g).map((level) => parseInt(level, 16)));
