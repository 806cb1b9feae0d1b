// A part of a labelled data set: the samples of some classes.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ganymede/data/dataset.h"

namespace ganymede::data {

// What a person names: "modelnet.npz#2" is the class 2 of modelnet.npz, "photos#cat,dog" two of
// photos. A path that exists as it is, and one without '#', names all classes ("").
std::pair<std::string, std::string> split_classes(const std::string& path);

struct ClassNames {
  std::vector<std::string> names;  // empty where classes have none
  int64_t count = 0;
};

// The numbers of the classes in `list`, names or numbers such as "chair, sofa" or "2". Throws
// UsageError naming `where` for a class that there is not (with near names) and for one named
// twice.
std::vector<int64_t> classes_named(const std::string& list, const ClassNames& classes,
                                   const std::string& where);

// The samples of `dataset` whose class stands in `classes`, a list of names or numbers such as
// "chair, sofa" or "2", in the order of the data; `dataset` itself when the list is empty. Labels
// count from 0 in the order of the list; a single class is unlabelled data. Throws UsageError for
// data without labels, for a class that they do not have (with near names) and for one named twice.
std::shared_ptr<Dataset> of_classes(std::shared_ptr<Dataset> dataset, const std::string& classes);

}  // namespace ganymede::data
