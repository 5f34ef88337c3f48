// Result files of a host in C++: an .npz as NumPy has it, a ZIP archive without compression.
#pragma once

#include <algorithm>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

// A variable: count values from a node on, in a type of NumPy with so many bytes, and its shape as
// ", 3, 4".
struct Variable {
  const char *name;
  uint32_t first, count;
  const char *type;
  uint32_t bytes;
  const char *shape;
};

// An .npz in the making: for each variable an array (chain, draw, *shape). Values go to their places in the
// file as they come, so that memory does not grow with draws.
class Npz {
public:
  // Writes what stands before the values. Nothing else may be called unless that was possible.
  Npz(const std::string &file, const std::vector<Variable> &variables, uint32_t chains, uint32_t draws) : chains(chains), draws(draws) {
    uint64_t end = 0;
    for (const Variable &v : variables) {
      Member m{v, std::string(v.name) + ".npy", numpy_header(v), end, 0};
      m.values = end + 30 + m.name.size() + m.header.size();
      end = m.values + (uint64_t)chains * draws * v.count * v.bytes;
      members.push_back(m);
    }
    directory = end;
    fits = end + members.size() * 1024 < std::min<uint64_t>(UINT32_MAX, LONG_MAX); // ZIP's and C's offsets
    if (fits && (f = fopen(file.c_str(), "w+b")))
      for (const Member &m : members) at(m.values - m.header.size(), m.header);
  }

  bool fits; // in 4 GiB
  bool opened() const { return f; }

  // The values of a draw of a chain: get(node), the lowest bytes first.
  template <class Get> void put(uint32_t draw, uint32_t chain, Get get) {
    for (const Member &m : members) {
      line.clear();
      for (uint32_t i = 0; i < m.v.count; i++) {
        const uint32_t x = get(m.v.first + i);
        for (uint32_t k = 0; k < m.v.bytes; k++) line += (char)(x >> 8 * k);
      }
      at(m.values + ((uint64_t)chain * draws + draw) * line.size(), line);
    }
  }

  // Ends the file; false if some of it could not be written.
  bool close() {
    std::string list;
    for (const Member &m : members) {
      const std::string common = about(m);
      at(m.start, number(0x04034b50, 4) + common + m.name);
      list += number(0x02014b50, 4) + number(20, 2) + common + number(0, 10) + number(m.start, 4) + m.name;
    }
    at(directory, list + number(0x06054b50, 4) + number(0, 4) + number(members.size(), 2) + number(members.size(), 2) + number(list.size(), 4) +
                      number(directory, 4) + number(0, 2));
    const bool failed = ferror(f);
    return !fclose(f) && !failed;
  }

private:
  struct Member {
    Variable v;
    std::string name, header;
    uint64_t start, values; // places in the file
  };

  FILE *f = nullptr;
  uint32_t chains, draws;
  uint64_t directory;
  std::vector<Member> members;
  std::string line;

  static std::string number(uint64_t x, int bytes) {
    std::string s;
    for (int k = 0; k < bytes; k++) s += k < 8 ? (char)(x >> 8 * k) : '\0';
    return s;
  }

  void at(uint64_t place, const std::string &text) {
    fseek(f, (long)place, SEEK_SET);
    fwrite(text.data(), 1, text.size(), f);
  }

  std::string numpy_header(const Variable &v) const {
    std::string text = std::string("{'descr': '") + v.type + "', 'fortran_order': False, 'shape': (" + std::to_string(chains) + ", " + std::to_string(draws) + v.shape + "), }";
    text += std::string(63 - (text.size() + 10) % 64, ' ') + "\n"; // values begin at a multiple of 64
    return std::string("\x93NUMPY\x01\0", 8) + number(text.size(), 2) + text;
  }

  // What both headers of a member say: version, flags, method and time, then CRC-32 and sizes.
  std::string about(const Member &m) {
    const uint64_t size = m.header.size() + (uint64_t)chains * draws * m.v.count * m.v.bytes;
    fseek(f, (long)(m.start + 30 + m.name.size()), SEEK_SET);
    uint32_t crc = ~0u, of[256]; // of each byte
    for (uint32_t byte = 0; byte < 256; byte++) {
      of[byte] = byte;
      for (int k = 0; k < 8; k++) of[byte] = of[byte] >> 1 ^ (of[byte] & 1 ? 0xEDB88320u : 0);
    }
    for (uint64_t i = 0; i < size; i++) crc = crc >> 8 ^ of[(crc ^ (uint32_t)getc(f)) & 0xFF];
    return number(20, 2) + number(0, 4) + number(0x00210000, 4) + number(~crc, 4) + number(size, 4) + number(size, 4) + number(m.name.size(), 2) + number(0, 2);
  }
};
